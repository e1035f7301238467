using System.Globalization;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.History;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using JasperFx.Events;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "OPS-3")]
public sealed class Undoing_changes
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly MailAccountCreated Taro = new("a1", "taro@example.jp", "example.jp", 1, 100, "営業部", "c1", Now);
    private static readonly DomainAdded Added = new("example.jp", 10, 1_000, 100, Now);
    private static readonly Domain Domain = Hikyaku.Accounts.Domains.Domain.Evolve(null, Added)!;

    [Fact]
    public void An_undo_is_a_change_of_its_own()
        => DeciderSpec<MailAccount>.Given(Taro, new MailAccountCapacityChanged(300, Now))
            .When(state => Undo(state!, 1, [Taro, new MailAccountCapacityChanged(300, Now)]))
            .ThenEvents(new MailAccountCapacityChanged(100, Now));

    [Fact]
    public void A_comment_that_was_set_first_is_cleared_again()
        => DeciderSpec<MailAccount>.Given(Taro with { Comment = null }, new MailAccountCommentChanged("総務部", Now))
            .When(state => Undo(state!, 1, [Taro with { Comment = null }, new MailAccountCommentChanged("総務部", Now)]))
            .ThenEvents(new MailAccountCommentChanged(null, Now));

    [Fact]
    public void What_was_set_again_since_stays_and_each_later_change_of_it_is_named()
    {
        object[] events = [Taro, new MailAccountCapacityChanged(200, Now), new MailAccountCommentChanged("x", Now), new MailAccountCapacityChanged(300, Now), new MailAccountCapacityChanged(400, Now)];
        DeciderSpec<MailAccount>.Given(events)
            .When(state => Undo(state!, 1, events))
            .ThenRejected("history.changed-since@capacityMb", "history.changed-since@capacityMb");
        var changes = Changes(UndoAccountChange.History.Settings, events);
        var named = Undo(Folded(events), 1, events).Rejections.Select(r => r.Values.Single(v => v.Name == "id").Value);
        Assert.Equal([changes[3].Id, changes[4].Id], named.Cast<Guid>());
    }

    [Fact]
    public void Another_settings_change_is_in_nobodys_way()
    {
        object[] events = [Taro, new MailAccountCapacityChanged(200, Now), new MailAccountCommentChanged("x", Now)];
        DeciderSpec<MailAccount>.Given(events).When(state => Undo(state!, 1, events)).ThenEvents(new MailAccountCapacityChanged(100, Now));
    }

    [Fact]
    public void Changes_can_be_undone_one_after_the_other_from_the_newest_on()
    {
        object[] events = [Taro, new MailAccountCapacityChanged(200, Now), new MailAccountCapacityChanged(300, Now)];
        object[] once = [.. events, .. Undo(Folded(events), 2, events).Events];
        object[] twice = [.. once, .. Undo(Folded(once), 1, once).Events];
        Assert.Equal(100, Folded(twice).CapacityMb);
        object[] undoneAgain = [.. twice, .. Undo(Folded(twice), 4, twice).Events];
        Assert.Equal(200, Folded(undoneAgain).CapacityMb);
    }

    [Fact, Trait("Rule", "ACC-13")]
    public void Limits_hold_for_an_undo_as_for_every_change()
    {
        object[] events = [Taro with { CapacityMb = 500 }, new MailAccountCapacityChanged(100, Now)];
        DeciderSpec<MailAccount>.Given(events)
            .When(state => Undo(state!, 1, events, new DomainUsage(5, 700)))
            .ThenRejected("accounts.domain-capacity-exceeded@capacityMb");
    }

    [Fact]
    public void What_nothing_brings_back_is_refused_with_the_reason()
    {
        Refused(Taro, "accounts.creation-not-undoable");
        Refused(new MailAccountPasswordChanged("c2", Now), "accounts.password-not-undoable");
        Refused(new MailAccountPasswordForciblyChanged("c2", "abuse", Now), "accounts.password-not-undoable");
        Refused(new MailDataDeletionStarted("j1", Now), "accounts.deletion-not-undoable");
        Refused(new MailAccountDeletionStarted("j1", Now), "accounts.deletion-not-undoable");

        static void Refused(object e, string code)
        {
            object[] events = e is MailAccountCreated ? [e] : [Taro, e];
            DeciderSpec<MailAccount>.Given(events).When(state => Undo(state!, events.Length - 1, events)).ThenRejected(code);
        }
    }

    [Fact]
    public void Done_and_undone_everything_is_as_before_whatever_it_was()
    {
        var random = new Random(20);
        for (var run = 0; run < 500; run++)
        {
            var events = new List<object> { Taro };
            for (var step = random.Next(0, 6); step >= 0; step--) Change(events, random);
            var before = Settings(Folded([.. events]));
            var count = events.Count;
            while (events.Count == count) Change(events, random);

            events.AddRange(Undo(Folded([.. events]), count, [.. events]).Events);

            Assert.Equal(before, Settings(Folded([.. events])));
            Assert.Equal(count + 2, events.Count);
        }

        static void Change(List<object> events, Random random)
        {
            var (capacity, comment) = random.Next(2) == 0 ? ((long?)random.Next(1, 4) * 100, (string?)null) : (null, new[] { "", "総務部", "営業部" }[random.Next(3)]);
            events.AddRange(ChangeMailAccount.Decide(new(null, "c9", new(), capacity, comment, Domain, new(2, 200), Now), Folded([.. events])).Events);
        }

        static (int, string?) Settings(MailAccount a) => (a.CapacityMb, a.Comment);
    }

    [Fact, Trait("Rule", "ACC-13")]
    public void Of_a_domains_limits_those_go_back_that_the_change_had_changed()
    {
        object[] events = [Added, new DomainLimitsChanged(20, 1_000, 100, Now), new DomainLimitsChanged(20, 2_000, 100, Now)];
        var domain = events.Aggregate(default(Domain), Hikyaku.Accounts.Domains.Domain.Evolve)!;
        var decision = UndoDomain(domain, 1, events, new(3, 300));
        Assert.Equal(new DomainLimitsChanged(10, 2_000, 100, Now), Assert.Single(decision.Events));
        Assert.Equal(["domains.accounts-in-use"], UndoDomain(domain, 1, events, new(11, 300)).Rejections.Select(r => r.Code.Code));
        Assert.Equal(["history.not-undoable"], UndoDomain(domain, 0, events, new(3, 300)).Rejections.Select(r => r.Code.Code));
        Assert.Equal(["history.not-undoable"], UndoDomain(domain, 1, [Added, new DomainAdministratorAppointed("adm", Now)], new(3, 300)).Rejections.Select(r => r.Code.Code));
    }

    [Fact]
    public void At_a_time_what_was_decided_by_then_counts_in_the_order_of_versions()
    {
        var stream = Events([Taro, new MailAccountCapacityChanged(200, Now.AddMinutes(2)), new MailAccountCapacityChanged(300, Now.AddMinutes(1)), new MailAccountCapacityChanged(400, Now.AddMinutes(3))]);
        Assert.Null(EventTimes.StateAt<MailAccount>(stream, Now.AddTicks(-1)));
        Assert.Equal(100, EventTimes.StateAt<MailAccount>(stream, Now)!.CapacityMb);
        Assert.Equal(100, EventTimes.StateAt<MailAccount>(stream, Now.AddMinutes(1))!.CapacityMb);
        Assert.Equal(300, EventTimes.StateAt<MailAccount>(stream, Now.AddMinutes(2))!.CapacityMb);
        Assert.Equal(400, EventTimes.StateAt<MailAccount>(stream, DateTimeOffset.MaxValue)!.CapacityMb);
    }

    [Theory]
    [InlineData("2026-11-24T00:00:00Z", "2026-11-24T00:00:00.0000000+00:00")]
    [InlineData("2026-11-24t09:00:00.5+09:00", "2026-11-24T00:00:00.5000000+00:00")]
    [InlineData("2026-11-24T00:00:00.123456789z", "2026-11-24T00:00:00.1234567+00:00")]
    [InlineData("2026-11-24", null)]
    [InlineData("2026-11-24T00:00:00", null)]
    [InlineData("2026-11-24T00:00:00 09:00", null)]
    [InlineData("2026-02-30T00:00:00Z", null)]
    [InlineData("2026-11-24T25:00:00Z", null)]
    [InlineData("0001-01-01T00:00:00+14:00", null)]
    [InlineData("2026-11-24T00:00:00Z\n", null)]
    [InlineData("yesterday", null)]
    [InlineData("", null)]
    public void A_time_is_read_as_RFC_3339_writes_it(string text, string? time)
        => Assert.Equal(time, EventTimes.TryRead(text, out var at) ? at.ToString("O", CultureInfo.InvariantCulture) : null);

    private static Decision Undo(MailAccount account, int index, object[] events, DomainUsage? usage = null)
    {
        var changes = Changes(UndoAccountChange.History.Settings, events);
        return UndoAccountChange.Decide(new(new(changes[index], changes.Skip(index + 1).ToList()), Domain, usage ?? new(2, 200), Now), account);
    }

    private static Decision UndoDomain(Domain domain, int index, object[] events, DomainUsage usage)
    {
        var changes = Changes(UndoDomainChange.History.Settings, events);
        return UndoDomainChange.Decide(new(new(changes[index], changes.Skip(index + 1).ToList()), usage, Now), domain);
    }

    private static IReadOnlyList<Change> Changes(IReadOnlyList<Setting> settings, object[] events) => Hikyaku.Platform.Change.OfAll(Events(events), settings);

    private static List<IEvent> Events(object[] events)
        => [.. events.Select((e, i) =>
        {
            var stored = (IEvent)Activator.CreateInstance(typeof(Event<>).MakeGenericType(e.GetType()), e)!;
            (stored.Id, stored.Version) = (new Guid(i + 1, 0, 0, new byte[8]), i + 1);
            return stored;
        })];

    private static MailAccount Folded(object[] events) => events.Aggregate(default(MailAccount), MailAccount.Evolve)!;
}
