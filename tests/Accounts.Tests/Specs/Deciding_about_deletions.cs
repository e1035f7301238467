using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Accounts.Tests.Specs;

public sealed class Deciding_about_deletions
{
    private static readonly DateTimeOffset Now = new(2026, 11, 24, 9, 0, 0, TimeSpan.Zero);
    private static readonly MailAccountCreated Taro = new("a1", "taro@example.jp", "example.jp", 1, 100, "営業部", "c1", Now);
    private static readonly MailAccountCreated Postmaster = new("a0", "postmaster@example.jp", "example.jp", 1, 100, null, null, Now);
    private static readonly DeleteMailAccount Delete = new("taro@example.jp", "job2", "addresses[1]", Now);
    private static readonly DeleteMailData DeleteMail = new("job2", Now);

    [Fact, Trait("Rule", "ACC-5")]
    public void An_account_is_gone_from_its_deletion_on_and_at_its_end_nothing_personal_stays()
    {
        var going = DeciderSpec<MailAccount>.Given(Taro)
            .When(state => DeleteMailAccount.Decide(Delete, state))
            .ThenEvents(new MailAccountDeletionStarted("job2", Now));

        var gone = MailAccount.Evolve(going, new MailAccountDeleted(Now))!;
        Assert.Equal(("", null, null, true), (gone.Address, gone.Comment, gone.CredentialId, gone.Deleted));
    }

    [Fact, Trait("Rule", "ACC-4")]
    public void Postmaster_stays()
        => DeciderSpec<MailAccount>.Given(Postmaster)
            .When(state => DeleteMailAccount.Decide(Delete with { Address = "postmaster@example.jp" }, state))
            .ThenRejected("accounts.postmaster-cannot-be-deleted@addresses[1]");

    [Fact, Trait("Rule", "ACC-5")]
    public void One_that_is_being_deleted_by_another_job_is_refused()
        => DeciderSpec<MailAccount>.Given(Taro, new MailAccountDeletionStarted("job1", Now))
            .When(state => DeleteMailAccount.Decide(Delete, state))
            .ThenRejected("accounts.being-deleted@addresses[1]");

    [Fact, Trait("Rule", "ACC-5")]
    public void One_that_is_not_there_is_refused()
    {
        DeciderSpec<MailAccount>.Given().When(state => DeleteMailAccount.Decide(Delete, state)).ThenRejected("accounts.no-such-account");
        DeciderSpec<MailAccount>.Given(Taro, new MailAccountDeletionStarted("job1", Now), new MailAccountDeleted(Now))
            .When(state => DeleteMailAccount.Decide(Delete, state)).ThenRejected("accounts.no-such-account");
    }

    [Fact, Trait("Rule", "ACC-5")]
    public void A_later_account_of_the_name_is_a_later_life()
        => DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(
                new("a2", "taro", null, null, 100, null, Domain, new(1, 100), null, FormerLives: 2, Now), state))
            .ThenEvents(new MailAccountCreated("a2", "taro@example.jp", "example.jp", 3, 100, null, null, Now));

    [Fact, Trait("Rule", "ACC-5")]
    public void A_name_whose_account_is_being_deleted_cannot_be_used_yet()
        => DeciderSpec<MailAccount>.Given()
            .When(state => CreateMailAccount.Decide(
                new("a2", "taro", null, null, 100, null, Domain, new(1, 100), new() { Id = "taro@example.jp", AccountId = "a1", Life = 1, BeingDeleted = true }, 0, Now), state))
            .ThenRejected("accounts.being-deleted@name");

    [Fact, Trait("Rule", "ACC-6")]
    public void Mail_is_deleted_by_one_job_at_a_time()
    {
        DeciderSpec<MailAccount>.Given(Taro).When(state => DeleteMailData.Decide(DeleteMail, state!)).ThenEvents(new MailDataDeletionStarted("job2", Now));
        DeciderSpec<MailAccount>.Given(Taro, new MailDataDeletionStarted("job1", Now)).When(state => DeleteMailData.Decide(DeleteMail, state!)).ThenNothing();
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void After_it_has_ended_well_or_not_it_can_be_done_again()
    {
        foreach (object end in new object[] { new MailDataDeletionFinished("job1", 3, 9, Now), new MailDataDeletionFailed("job1", "r", Now) })
        {
            DeciderSpec<MailAccount>.Given(Taro, new MailDataDeletionStarted("job1", Now), end)
                .When(state => DeleteMailData.Decide(DeleteMail, state!)).ThenEvents(new MailDataDeletionStarted("job2", Now));
        }
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void The_late_end_of_an_earlier_job_does_not_end_the_present_one()
        => DeciderSpec<MailAccount>.Given(
                Taro, new MailDataDeletionStarted("job1", Now), new MailDataDeletionFailed("job1", "r", Now), new MailDataDeletionStarted("job2", Now),
                new MailDataDeletionFinished("job1", 3, 9, Now))
            .When(state => DeleteMailData.Decide(DeleteMail with { JobId = "job3" }, state!)).ThenNothing();

    private static readonly Hikyaku.Accounts.Domains.Domain Domain = new()
    {
        Id = "example.jp",
        MaxAccounts = 10,
        MaxCapacityMb = 1_000,
        DefaultCapacityMb = 100,
        AddedAt = Now,
    };
}
