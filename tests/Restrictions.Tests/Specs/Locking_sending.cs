using System.Collections.Immutable;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Judging;
using Hikyaku.Restrictions.Policy;

namespace Hikyaku.Restrictions.Tests.Specs;

public sealed class Locking_sending
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly Target Taro = new("0190", "taro@example.jp", "example.jp", 1);
    private static readonly SendingCounts Nothing = new(0, 0, 0, 0, 0, 0, 0, HasPast: true, 0, 0, 0, [], 0, ["192.0.2.0/24"]);

    public static TheoryData<string, SendingCounts> TooMuch => new()
    {
        { Rules.RecipientsPerHour, Nothing with { Hour = 501, Day = 501 } },
        { Rules.RecipientsPerDay, Nothing with { Day = 1001 } },
        { Rules.FirstTimePerDay, Nothing with { Day = 201, FirstTimeDay = 201 } },
        { Rules.DomainRecipientsPerDay, Nothing with { DomainDay = 20001 } },
    };

    [Theory, MemberData(nameof(TooMuch)), Trait("Rule", "RST-5"), Trait("Rule", "RST-10")]
    public void More_than_the_threshold_locks_sending_for_a_day(string rule, SendingCounts counts)
    {
        var locked = Assert.Single(Judge(counts));
        Assert.Equal((Kinds.SendingLocked, rule, At.AddDays(1)), (locked.Kind, locked.Rule, locked.Until));
        Assert.Equal(rule, Evidence.Read(locked.Evidence)!.Signs.Single().Name);
    }

    [Fact, Trait("Rule", "RST-5")]
    public void As_much_as_the_threshold_is_allowed()
        => Assert.Empty(Judge(Nothing with { Hour = 500, Day = 1000, FirstTimeDay = 200, DomainDay = 20000 }));

    [Fact, Trait("Rule", "RST-4")]
    public void A_newsletter_to_known_recipients_of_an_account_that_always_sends_it_is_sent()
        => Assert.Empty(Judge(Nothing with { Hour = 5000, Day = 5000, BestPastDay = 5000, UsualDay = 700 }));

    [Fact, Trait("Rule", "RST-4")]
    public void A_compromised_account_is_stopped_at_thirty_recipients_that_are_new_to_it()
    {
        // Someone logged in from a network that the account never used, after five wrong passwords.
        var counts = Nothing with { Hour = 30, Day = 30, FirstTimeHour = 30, FirstTimeDay = 30, UsualDay = 2, NewNetworks = ["203.0.113.0/24"], WrongPasswordsHour = 5 };
        var suspected = Assert.Single(Judge(counts));
        Assert.Equal((Kinds.CompromiseSuspected, Rules.CompromiseSigns, null), (suspected.Kind, suspected.Rule, suspected.Until));
        var evidence = Evidence.Read(suspected.Evidence)!;
        Assert.Equal(["new-network", "guessed-password", "first-time-recipients", "above-past"], evidence.Signs.Select(s => s.Name));
        Assert.Equal((145, 100), (evidence.Sum, evidence.Threshold));
        Assert.Equal(["203.0.113.0/24"], evidence.Networks!);
        Assert.Single(Judge(counts with { WrongPasswordsHour = 0 }));
        Assert.Empty(Judge(counts with { Hour = 29, FirstTimeHour = 29 }));
    }

    [Fact, Trait("Rule", "RST-4")]
    public void Each_sign_counts_by_its_weight()
    {
        Assert.Single(Judge(Nothing with { FailedHour = 10, SpamHour = 3, NetworksHour = 4 }));
        Assert.Empty(Judge(Nothing with { FailedHour = 10, SpamHour = 3, NetworksHour = 3 }));
        var heavier = Thresholds.Defaults with { Set = ImmutableSortedDictionary<string, int>.Empty.Add(PolicyNumbers.SpamWeight.Name, 100) };
        Assert.Single(SendingJudge.Judge(new(Taro, [], null, At), heavier, Nothing with { SpamHour = 3 }, () => "R"));
        var off = Thresholds.Defaults with { Set = ImmutableSortedDictionary<string, int>.Empty.Add(PolicyNumbers.SpamWeight.Name, 0).Add(PolicyNumbers.CompromiseSum.Name, 1) };
        Assert.Empty(SendingJudge.Judge(new(Taro, [], null, At), off, Nothing with { SpamHour = 3 }, () => "R"));
    }

    [Fact, Trait("Rule", "RST-4")]
    public void What_is_new_is_no_sign_of_an_account_that_is_new_itself()
        => Assert.Empty(Judge(Nothing with { HasPast = false, Hour = 100, FirstTimeHour = 100, NewNetworks = ["203.0.113.0/24"] }));

    [Fact, Trait("Rule", "RST-1")]
    public void What_holds_is_not_placed_again_and_further_locks_are_longer()
    {
        var counts = Nothing with { Hour = 501 };
        var standing = AccountStanding.Evolve(null, Judge(counts).Single())!;
        Assert.Empty(SendingJudge.Judge(new(Taro, [], standing, At), Thresholds.Defaults, counts, () => "R"));
        var lengths = new List<double>();
        for (var i = 0; i < 4; i++)
        {
            standing = AccountStanding.Evolve(standing, new RestrictionLifted(Taro.Domain, Kinds.SendingLocked, [standing.Restrictions[0].Reference], LiftCauses.Time, null, At))!;
            var again = SendingJudge.Judge(new(Taro, [], standing, At), Thresholds.Defaults, counts, () => $"R-{i}").Single();
            lengths.Add((again.Until!.Value - At).TotalHours);
            standing = AccountStanding.Evolve(standing, again)!;
        }

        Assert.Equal([48, 96, 96, 96], lengths);
    }

    private static List<AccountRestricted> Judge(SendingCounts counts) => [.. SendingJudge.Judge(new(Taro, [], null, At), Thresholds.Defaults, counts, () => $"R-{Guid.NewGuid():N}")];
}
