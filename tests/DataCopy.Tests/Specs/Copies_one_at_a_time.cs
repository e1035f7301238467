using Hikyaku.Copier;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.DataCopy.Tests.Specs;

public sealed class Copies_one_at_a_time
{
    private const string Job = "datacopy-1";
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 9, 0, 0, TimeSpan.Zero);
    private static readonly Target Account = new("0190", "taro@example.jp", "example.jp", 1);
    private static readonly CopyForm Form = new("imap.example.com", null, null, "taro@example.com", "secret", false, false, null, "taro@example.org");
    private static readonly CopyRequested Requested = new("0190", Job, "taro@example.jp", "example.jp", "imap.example.com", null, null, "taro@example.com", false, false, null, "taro@example.org", Now);
    private static readonly CopyStarted Started = new(Job, "example.jp", "{SSHA512}x", Now.AddHours(6), Now);
    private static readonly CopyCounts Some = new(10, 8, 0, 2, 0);
    private static readonly CopySucceeded WithSkips = new(Job, "example.jp", Some, CopyReasons.TooLarge, "two", Now);

    [Fact, Trait("Rule", "CPY-1"), Trait("Rule", "CPY-6")]
    public void An_account_without_a_copy_begins_one_and_no_second()
        => DeciderSpec<AccountCopies>.Given().When(Request()).AndAgain("datacopy.already-running").ThenEvents(Requested);

    [Fact, Trait("Rule", "CPY-6")]
    public void A_copy_that_has_ended_is_in_nobodys_way()
        => DeciderSpec<AccountCopies>.Given(Requested, Started, new CopyFailed(Job, "example.jp", Some, CopyReasons.Capacity, "capacity", null, Now))
            .When(Request()).AndAgain("datacopy.already-running").ThenEvents(Requested);

    [Fact, Trait("Rule", "CPY-9")]
    public void Without_the_own_password_nothing_begins_and_all_else_is_told_too()
        => DeciderSpec<AccountCopies>.Given().When(c => RequestCopy.Decide(
            new(Account, Job, null, [new(CopyProblems.PortRange, "source.port"), new(CopyProblems.AddressRefused, "source.host")], false, Now), c))
            .ThenRejected("datacopy.own-password-wrong@password", "datacopy.port-range@source.port", "datacopy.address-refused@source.host");

    [Fact, Trait("Rule", "CPY-7")]
    public void A_worker_is_let_in_when_it_begins_and_longer_when_half_is_over()
    {
        DeciderSpec<AccountCopies>.Given(Requested).When(Continue(Now)).ThenEvents(Started);
        DeciderSpec<AccountCopies>.Given(Requested, Started).When(Continue(Now.AddHours(2))).ThenNothing();
        DeciderSpec<AccountCopies>.Given(Requested, Started).When(Continue(Now.AddHours(4)))
            .ThenEvents(new CopyGrantExtended(Job, Now.AddHours(10), Now.AddHours(4)));
    }

    [Fact, Trait("Rule", "CPY-6")]
    public void A_copy_pauses_while_it_runs_and_goes_on()
    {
        var paused = new CopyPaused(Job, "example.jp", "server-busy", Now.AddMinutes(1), Now);
        DeciderSpec<AccountCopies>.Given(Requested, Started).When(c => PauseCopy.Decide(new(Job, "server-busy", Now.AddMinutes(1), Now), c!)).ThenEvents(paused);
        DeciderSpec<AccountCopies>.Given(Requested, Started, paused).When(Continue(Now.AddHours(1))).ThenEvents(new CopyResumed(Job, "example.jp", Now.AddHours(1)));
    }

    [Fact, Trait("Rule", "CPY-3"), Trait("Rule", "CPY-5")]
    public void Messages_that_are_too_large_are_told_once()
    {
        var again = Requested with { JobId = "datacopy-2" };
        DeciderSpec<AccountCopies>.Given(Requested, Started).When(End(Some, "two")).ThenEvents(WithSkips);
        // A repetition that finds nothing new has succeeded.
        DeciderSpec<AccountCopies>.Given(Requested, Started, WithSkips, again).When(End(Some with { Copied = 0, AlreadyThere = 8 }, "two", "datacopy-2"))
            .ThenEvents(new CopySucceeded("datacopy-2", "example.jp", Some with { Copied = 0, AlreadyThere = 8 }, null, "two", Now));
        // Other messages are too large now, or something was new.
        Assert.Equal(CopyReasons.TooLarge, ReasonOf([Requested, Started, WithSkips, again], Some with { Copied = 0 }, "three"));
        Assert.Equal(CopyReasons.TooLarge, ReasonOf([Requested, Started, WithSkips, again], Some with { Copied = 1 }, "two"));
        // Of another source nothing was told yet.
        Assert.Equal(CopyReasons.TooLarge, ReasonOf([Requested, Started, WithSkips, again with { SourceHost = "imap.example.net" }], Some with { Copied = 0 }, "two"));
    }

    [Fact, Trait("Rule", "CPY-10")]
    public void An_empty_source_has_succeeded_and_says_so()
        => DeciderSpec<AccountCopies>.Given(Requested, Started).When(End(CopyCounts.None, null))
            .ThenEvents(new CopySucceeded(Job, "example.jp", CopyCounts.None, CopyReasons.SourceEmpty, null, Now));

    [Theory, Trait("Rule", "CPY-5")]
    [InlineData(CopyFailureKind.Capacity, CopyReasons.Capacity, "capacity")]
    [InlineData(CopyFailureKind.NoTls, CopyReasons.SourceUnsuitable, "no-tls")]
    [InlineData(CopyFailureKind.WrongPassword, CopyReasons.SourceUnsuitable, "wrong-password")]
    [InlineData(CopyFailureKind.NotImap, CopyReasons.SourceUnsuitable, "not-imap")]
    [InlineData(CopyFailureKind.ServerBusy, CopyReasons.Trouble, "server-busy")]
    [InlineData(CopyFailureKind.DestinationUnavailable, CopyReasons.Trouble, "destination-unavailable")]
    public void A_failure_is_told_as_one_of_four_reasons(CopyFailureKind kind, string reason, string cause)
        => DeciderSpec<AccountCopies>.Given(Requested, Started).When(c => EndCopy.Decide(new(Job, Some, kind, null, null, Now), c!))
            .ThenEvents(new CopyFailed(Job, "example.jp", Some, reason, cause, null, Now));

    [Fact, Trait("Rule", "CPY-6")]
    public void A_copy_is_cancelled_while_it_has_not_ended()
    {
        DeciderSpec<AccountCopies>.Given(Requested, Started).When(c => CancelCopy.Decide(new(Job, Some, Now), c!)).ThenEvents(new CopyCancelled(Job, "example.jp", Some, Now));
        DeciderSpec<AccountCopies>.Given(Requested, Started, WithSkips).When(c => CancelCopy.Decide(new(Job, Some, Now), c!)).ThenNothing();
    }

    private static Func<AccountCopies?, Decision> Request() => c => RequestCopy.Decide(new(Account, Job, Form, [], true, Now), c);

    private static Func<AccountCopies?, Decision> Continue(DateTimeOffset now) => c => ContinueCopy.Decide(new(Job, "{SSHA512}x", now.AddHours(6), now), c!);

    private static Func<AccountCopies?, Decision> End(CopyCounts counts, string? skips, string job = Job) => c => EndCopy.Decide(new(job, counts, null, skips, null, Now), c!);

    private static string? ReasonOf(object[] given, CopyCounts counts, string skips)
        => Assert.IsType<CopySucceeded>(Assert.Single(EndCopy.Decide(new("datacopy-2", counts, null, skips, null, Now), given.Aggregate(default(AccountCopies), AccountCopies.Evolve)!).Events)).Reason;
}
