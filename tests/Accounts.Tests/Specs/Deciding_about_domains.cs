using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Deciding_about_domains
{
    private const string Password = "Hatsukoi-12ab";
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly DkimPublicKey Key = new("h20261124a", "MIIBIjAN");
    private static readonly DomainAdded Added = new("example.jp", 10, 1_000, 100, Now, Key);

    private static StaffMember Member(string role = Roles.Admin)
        => new() { Id = "staff:hanako", Login = "hanako", Role = role, CredentialId = "c1" };

    [Fact, Trait("Rule", "ACC-13")]
    public void A_domain_is_added_with_its_limits()
        => DeciderSpec<Domain>.Given()
            .When(state => AddDomain.Decide(new("EXAMPLE.jp", "example.jp", new(10, 1_000, 100), Now, Key), state))
            .AndAgain("domains.already-exists@name")
            .ThenEvents(Added);

    [Fact, Trait("Rule", "ACC-13")]
    public void Every_unusable_limit_is_named()
        => DeciderSpec<Domain>.Given()
            .When(state => AddDomain.Decide(new("no name", null, new(0, 1_000_000_001, 0), Now, Key), state))
            .ThenRejected("domains.name-invalid@name", "domains.max-accounts-range@maxAccounts", "domains.max-capacity-range@maxCapacityMb", "domains.default-capacity-range@defaultCapacityMb");

    [Fact, Trait("Rule", "ACC-13")]
    public void The_default_capacity_is_within_the_domains()
        => DeciderSpec<Domain>.Given()
            .When(state => AddDomain.Decide(new("example.jp", "example.jp", new(1, 100, 101), Now, Key), state))
            .ThenRejected("domains.default-capacity-range@defaultCapacityMb");

    [Fact, Trait("Rule", "ACC-13")]
    public void Limits_change_down_to_what_is_in_use()
        => DeciderSpec<Domain>.Given(Added)
            .When(state => ChangeDomainLimits.Decide(new(new(3, 300, 100), new(3, 300), Now), state!))
            .ThenEvents(new DomainLimitsChanged(3, 300, 100, Now));

    [Fact, Trait("Rule", "ACC-13")]
    public void Limits_do_not_fall_below_what_is_in_use()
        => DeciderSpec<Domain>.Given(Added)
            .When(state => ChangeDomainLimits.Decide(new(new(2, 299, 100), new(3, 300), Now), state!))
            .ThenRejected("domains.accounts-in-use@maxAccounts", "domains.capacity-in-use@maxCapacityMb");

    [Fact, Trait("Rule", "ROLE-1")]
    public void A_new_administrator_has_a_first_password()
        => DeciderSpec<Domain>.Given(Added)
            .When(state => AppointAdministrator.Decide(new("hanako", Password, null, Now), state!))
            .ThenEvents(new DomainAdministratorAppointed("hanako", Now));

    [Fact, Trait("Rule", "ROLE-1")]
    public void Appointing_an_existing_administrator_takes_no_password_and_sets_none()
    {
        DeciderSpec<Domain>.Given(Added)
            .When(state => AppointAdministrator.Decide(new("hanako", "", Member(), Now), state!))
            .ThenEvents(new DomainAdministratorAppointed("hanako", Now));
        DeciderSpec<Domain>.Given(Added)
            .When(state => AppointAdministrator.Decide(new("hanako", Password, Member(), Now), state!))
            .ThenRejected("administrators.already-has-password@password");
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public void An_operators_login_cannot_be_made_an_administrators()
        => DeciderSpec<Domain>.Given(Added)
            .When(state => AppointAdministrator.Decide(new("operator", Password, Member(Roles.Operator), Now), state!))
            .ThenRejected("administrators.login-taken@login");

    [Fact, Trait("Rule", "ROLE-1")]
    public void Who_is_dismissed_is_no_administrator_and_twice_is_once()
        => DeciderSpec<Domain>.Given(Added, new DomainAdministratorAppointed("hanako", Now))
            .When(state => DismissAdministrator.Decide(new("hanako", Now), state!))
            .ThenEvents(new DomainAdministratorDismissed("hanako", Now));

    [Fact, Trait("Rule", "GWY-2")]
    public void A_password_set_by_an_operator_is_a_first_password_and_ones_own_is_not()
    {
        var given = new StaffLoginAdded("hanako", Roles.Admin, "c1", Now);
        var own = DeciderSpec<StaffMember>.Given(given)
            .When(state => ChangeStaffPassword.Decide(new(Password, "c2", false, false, false, OwnChoice: true, Now), state!))
            .ThenEvents(new StaffPasswordChanged("c2", true, Now));
        Assert.False(own!.FirstPassword);
        var set = DeciderSpec<StaffMember>.Given(given)
            .When(state => ChangeStaffPassword.Decide(new(Password, "c2", false, false, false, OwnChoice: false, Now), state!))
            .ThenEvents(new StaffPasswordChanged("c2", false, Now));
        Assert.True(set!.FirstPassword);
    }
}
