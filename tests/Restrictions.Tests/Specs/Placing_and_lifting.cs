using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Ends;
using Hikyaku.Restrictions.Judging;

namespace Hikyaku.Restrictions.Tests.Specs;

public sealed class Placing_and_lifting
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly Target Taro = new("0190", "taro@example.jp", "example.jp", 1);
    private static readonly AccountRestricted Locked = Placed(Kinds.SendingLocked, "R-1", "spam");

    [Theory, Trait("Rule", "RST-6")]
    [InlineData(Kinds.CompromiseSuspected)]
    [InlineData(Kinds.AccountLocked)]
    [InlineData(Kinds.SendingLocked)]
    public void An_operator_places_each_kind_with_a_reason(string kind)
        => Given().When(Place(kind, " spam ")).ThenEvents(Placed(kind, "R-1", "spam"));

    [Fact, Trait("Rule", "RST-6"), Trait("Rule", "GWY-3")]
    public void Every_broken_rule_is_named()
    {
        Given().When(Place("over-capacity", "")).ThenRejected("restrictions.reason-length@reason", "restrictions.kind-unknown@kind");
        Given().When(Place(null, "a\nb", "tomorrow")).ThenRejected("restrictions.reason-characters@reason", "restrictions.kind-unknown@kind", "restrictions.until-malformed@until");
        Given().When(Place(Kinds.SendingLocked, new string('x', 256), "2026-11-29T09:00:00Z")).ThenRejected("restrictions.reason-length@reason", "restrictions.until-past@until");
    }

    [Fact, Trait("Rule", "RST-6")]
    public void Two_operators_at_once_change_one_restriction()
    {
        Given(Locked).When(Place(Kinds.SendingLocked, "spam")).ThenNothing();
        Given(Locked).When(Place(Kinds.SendingLocked, "spam", "2026-12-01T00:00:00Z"))
            .ThenEvents(Locked with { Until = new DateTimeOffset(2026, 12, 1, 0, 0, 0, TimeSpan.Zero) });
    }

    [Fact, Trait("Rule", "RST-6")]
    public void All_of_one_kind_are_lifted_and_others_stay()
    {
        Given(Locked, Locked with { Reference = "R-2", Rule = Rules.RecipientsPerDay, Reason = null }, Placed(Kinds.AccountLocked, "R-3", "x"))
            .When(Lift(Kinds.SendingLocked)).AndAgain("restrictions.none-of-kind").ThenEvents(new RestrictionLifted("example.jp", Kinds.SendingLocked, ["R-1", "R-2"], LiftCauses.Operator, "a mistake", At));
        Given(Locked).When(Lift(Kinds.AccountLocked)).ThenRejected("restrictions.none-of-kind");
        Given(Locked).When(Lift("over-capacity")).ThenRejected("restrictions.kind-unknown@kind");
    }

    [Fact, Trait("Rule", "RST-1")]
    public void What_ends_by_time_ends_then_and_not_before()
    {
        var standing = State(Locked with { Until = At.AddDays(1) }, Placed(Kinds.CompromiseSuspected, "R-2", "x"));
        Assert.Empty(RestrictionEnds.Decide(standing, At.AddDays(1).AddTicks(-1)));
        var ended = Assert.Single(RestrictionEnds.Decide(standing, At.AddDays(1)));
        Assert.Equal((Kinds.SendingLocked, LiftCauses.Time), (ended.Kind, ended.Cause));
        Assert.Empty(RestrictionEnds.Decide(null, At));
    }

    [Theory, Trait("Rule", "RST-9")]
    [InlineData("operator", null, false, true)]
    [InlineData("admin", "203.0.113.0/24", false, true)]
    [InlineData("user", "192.0.2.0/24", true, true)]
    [InlineData("user", "192.0.2.0/24", false, false)] // not theirs
    [InlineData("user", "203.0.113.0/24", true, false)] // in the evidence
    [InlineData("user", null, false, false)]
    [InlineData("system", null, false, false)]
    public void An_attacker_who_holds_the_password_does_not_free_themselves(string role, string? network, bool wasKnown, bool ends)
    {
        var evidence = new Evidence("1", [], Networks: ["203.0.113.0/24"]).Text;
        var held = State(Placed(Kinds.CompromiseSuspected, "R-1", "x") with { Evidence = evidence }).Restrictions;
        Assert.Equal(ends, PasswordConsumer.Ends(new CausedBy(role, "x", "", "panel", ""), network, wasKnown, held));
    }

    [Fact, Trait("Rule", "RST-1")]
    public void The_first_word_is_the_topmost_of_those_that_hold()
    {
        var standing = State(Locked, Placed(Kinds.AccountLocked, "R-2", "x"), Placed(Kinds.CompromiseSuspected, "R-3", "x"));
        var all = RestrictionView.All(standing, At, withEvidence: false, System.Globalization.CultureInfo.GetCultureInfo("ja"));
        Assert.Equal(["不正利用検知", "アカウントロック", "メール送信ロック", "容量オーバー"], all.Select(r => r.Word));
        Assert.All(all, r => Assert.True(r is { Evidence: null, Cause.Length: > 0, Effect.Length: > 0, Remedy.Length: > 0 }));
    }

    private static AccountRestricted Placed(string kind, string reference, string reason)
        => new("0190", "taro@example.jp", "example.jp", kind, reference, Rules.Operator, null, kind == Kinds.AccountLocked ? ["192.0.2.0/24"] : [], reason, null, null, At);

    private static AccountStanding State(params object[] events) => events.Aggregate(default(AccountStanding), AccountStanding.Evolve)!;

    private static DeciderSpec<AccountStanding> Given(params object[] events) => DeciderSpec<AccountStanding>.Given(events);

    private static Func<AccountStanding?, Decision> Place(string? kind, string? reason, string? until = null)
        => state => PlaceRestriction.Decide(new(Taro, kind, reason, until, ["192.0.2.0/24"], "R-1", At), state);

    private static Func<AccountStanding?, Decision> Lift(string kind) => state => LiftRestriction.Decide(new(kind, "a mistake", At), state);
}
