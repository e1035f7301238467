using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.SecondFactors;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "GWY-2")]
public sealed class Deciding_about_second_factors
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 9, 0, 0, TimeSpan.Zero);
    private static readonly StaffLoginAdded Added = new("hanako", Roles.Admin, "c1", Now);
    private static readonly StaffSecondFactorEnrolled Enrolled = new(Now);
    private static readonly SecondFactorProof Proved = new(false, false, 0);

    [Fact]
    public void It_is_on_when_a_code_has_confirmed_it()
    {
        var after = DeciderSpec<StaffMember>.Given(Added)
            .When(state => EnrolSecondFactor.Decide(new(true, true, Now), state!))
            .AndAgain("second-factor.already-on")
            .ThenEvents(Enrolled);
        Assert.True(after!.HasSecondFactor);
    }

    [Fact]
    public void It_stays_off_without_an_offer_or_with_a_wrong_code()
    {
        DeciderSpec<StaffMember>.Given(Added).When(state => EnrolSecondFactor.Decide(new(false, false, Now), state!)).ThenRejected("second-factor.not-begun");
        DeciderSpec<StaffMember>.Given(Added).When(state => EnrolSecondFactor.Decide(new(true, false, Now), state!)).ThenRejected("second-factor.code-wrong@code");
    }

    [Fact]
    public void It_is_turned_off_by_its_owners_proof_alone()
    {
        var after = DeciderSpec<StaffMember>.Given(Added, Enrolled)
            .When(state => RemoveSecondFactor.Decide(new(Proved, Now), state!))
            .ThenEvents(new StaffSecondFactorRemoved(Now));
        Assert.False(after!.HasSecondFactor);

        DeciderSpec<StaffMember>.Given(Added).When(state => RemoveSecondFactor.Decide(new(Proved, Now), state!)).ThenNothing();
        foreach (var (proof, code) in new[]
        {
            (Proved with { PasswordIsWrong = true }, "accounts.current-password-wrong@password"), (Proved with { CodeIsWrong = true }, "second-factor.code-wrong@code"),
            (Proved with { WaitSeconds = 9 }, PlatformProblems.TooManyRequests.Code),
        })
        {
            DeciderSpec<StaffMember>.Given(Added, Enrolled).When(state => RemoveSecondFactor.Decide(new(proof, Now), state!)).ThenRejected(code);
            DeciderSpec<StaffMember>.Given(Added, Enrolled).When(state => RenewRecoveryCodes.Decide(new(proof, Now), state!)).ThenRejected(code);
        }
    }

    [Fact]
    public void Recovery_codes_are_made_anew_only_where_it_is_on()
    {
        var decision = RenewRecoveryCodes.Decide(new(Proved, Now), State(Added, Enrolled));
        Assert.Equal([new StaffRecoveryCodesRenewed(Now)], decision.Events);
        DeciderSpec<StaffMember>.Given(Added).When(state => RenewRecoveryCodes.Decide(new(Proved, Now), state!)).ThenRejected("second-factor.not-on");
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public void An_operator_takes_it_away_with_a_reason()
    {
        DeciderSpec<StaffMember>.Given(Added, Enrolled)
            .When(state => ResetSecondFactor.Decide(new(" telephone lost ", Now), state!))
            .ThenEvents(new StaffSecondFactorReset("telephone lost", Now));
        DeciderSpec<StaffMember>.Given(Added).When(state => ResetSecondFactor.Decide(new("x", Now), state!)).ThenNothing();
        DeciderSpec<StaffMember>.Given(Added, Enrolled).When(state => ResetSecondFactor.Decide(new(" ", Now), state!)).ThenRejected("accounts.reason-missing@reason");
        DeciderSpec<StaffMember>.Given(Added, Enrolled).When(state => ResetSecondFactor.Decide(new(new string('x', 201), Now), state!)).ThenRejected("accounts.reason-too-long@reason");
    }

    [Fact]
    public void Using_and_renewing_recovery_codes_leaves_it_on()
        => Assert.True(State(Added, Enrolled, new StaffRecoveryCodeUsed(9, Now), new StaffRecoveryCodesRenewed(Now))!.HasSecondFactor);

    [Fact]
    public void A_domain_requires_it_until_it_no_longer_does_and_its_limits_stay()
    {
        var added = new DomainAdded("example.jp", 10, 1_000, 100, Now);
        var required = new DomainSecondFactorRequirementChanged(true, Now);
        DomainLimits limits = new(10, 1_000, 100);
        Assert.True(DeciderSpec<Domain>.Given(added)
            .When(state => ChangeDomainLimits.Decide(new(limits, new(1, 100), Now, true), state!)).ThenEvents(required)!.RequiresSecondFactor);
        DeciderSpec<Domain>.Given(added, required).When(state => ChangeDomainLimits.Decide(new(limits, new(1, 100), Now), state!)).ThenNothing();
        DeciderSpec<Domain>.Given(added, required)
            .When(state => ChangeDomainLimits.Decide(new(limits with { MaxAccounts = 20 }, new(1, 100), Now, false), state!))
            .ThenEvents(new DomainLimitsChanged(20, 1_000, 100, Now), new DomainSecondFactorRequirementChanged(false, Now));
    }

    private static StaffMember State(params object[] events) => events.Aggregate((StaffMember?)null, StaffMember.Evolve)!;
}
