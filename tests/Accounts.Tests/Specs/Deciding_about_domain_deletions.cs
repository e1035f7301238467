using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Specs;

[Trait("Rule", "GWY-1")]
public sealed class Deciding_about_domain_deletions
{
    private static readonly DateTimeOffset Now = new(2026, 11, 30, 9, 0, 0, TimeSpan.Zero);
    private static readonly DkimPublicKey Key = new("h20261124a", "MIIBIjAN");
    private static readonly DomainAdded Added = new("example.jp", 10, 1_000, 100, Now, Key);
    private static readonly DomainAdministratorAppointed Hanako = new("hanako", Now);
    private static readonly DeleteDomain Delete = new("job1", Accounts: 1, JobRuns: false, Now);

    [Fact, Trait("Rule", "ROLE-1")]
    public void A_domain_goes_with_its_administrators_and_once()
    {
        var gone = DeciderSpec<Domain>.Given(Added, Hanako, new DomainAdministratorAppointed("jiro", Now))
            .When(state => DeleteDomain.Decide(Delete, state))
            .ThenEvents(new DomainAdministratorDismissed("hanako", Now), new DomainAdministratorDismissed("jiro", Now), new DomainDeletionStarted("job1", Now));

        Assert.Null(gone);
    }

    [Fact]
    public void A_domain_stays_while_it_has_accounts_beside_postmaster()
        => DeciderSpec<Domain>.Given(Added).When(state => DeleteDomain.Decide(Delete with { Accounts = 3 }, state)).ThenRejected("domains.has-accounts");

    [Fact]
    public void A_domain_stays_while_a_bulk_job_of_it_runs()
        => DeciderSpec<Domain>.Given(Added).When(state => DeleteDomain.Decide(Delete with { JobRuns = true }, state)).ThenRejected("domains.has-running-job");

    [Fact]
    public void All_hindrances_are_named()
        => DeciderSpec<Domain>.Given(Added).When(state => DeleteDomain.Decide(Delete with { Accounts = 2, JobRuns = true }, state))
            .ThenRejected("domains.has-accounts", "domains.has-running-job");

    [Fact, Trait("Rule", "ACC-4")]
    public void Postmaster_goes_with_the_domain_and_only_then()
    {
        var postmaster = new MailAccountCreated("a0", "postmaster@example.jp", "example.jp", 1, 100, null, null, Now);

        DeciderSpec<MailAccount>.Given(postmaster)
            .When(state => DeleteMailAccount.Decide(new("postmaster@example.jp", "job1", null, Now) { WithDomain = true }, state))
            .ThenEvents(new MailAccountDeletionStarted("job1", Now));
    }

    [Fact]
    public void A_name_is_free_after_the_deletion_and_the_next_domain_begins_anew()
    {
        DeciderSpec<Domain>.Given(Added, new DomainDeletionStarted("job1", Now))
            .When(state => AddDomain.Decide(new("example.jp", "example.jp", new(5, 500, 50), Now, Key) { BeingDeleted = true }, state))
            .ThenRejected("domains.being-deleted@name");
        var later = DeciderSpec<Domain>.Given(Added, Hanako, new DomainDeletionStarted("job1", Now), new DomainDeleted(Now))
            .When(state => AddDomain.Decide(new("example.jp", "example.jp", new(5, 500, 50), Now, Key), state))
            .AndAgain("domains.already-exists@name")
            .ThenEvents(new DomainAdded("example.jp", 5, 500, 50, Now, Key));

        Assert.Empty(later!.Administrators);
    }
}
