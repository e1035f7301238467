using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Jobs;

/// <summary>The long work of this service.</summary>
public static class AccountsJobs
{
    /// <summary>All that the platform has to know of it.</summary>
    public static readonly ServiceJobs All = new(
        "accounts",
        new(JobKinds.AccountDeletion, typeof(DeletedAccounts)) { Title = JobTexts.AccountDeletion, Words = JobTexts.ResultOf },
        new(JobKinds.DomainDeletion, typeof(DeletedAccounts)) { Title = JobTexts.DomainDeletion, Words = JobTexts.ResultOf },
        new(JobKinds.MailDataDeletion, typeof(DeletedMail)) { Title = JobTexts.MailDataDeletion, Words = JobTexts.ResultOf, WhenGivenUp = FailMailDataDeletionAsync },
        new(JobKinds.BulkRegistration, typeof(RegisteredAccounts)) { Title = JobTexts.BulkRegistration, Words = JobTexts.ResultOf, Stages = JobStages.OfRegistration },
        new(JobKinds.BulkChange, typeof(ChangedAccounts)) { Title = JobTexts.BulkChange, Words = JobTexts.ResultOf, Stages = JobStages.OfChange, IsInTurn = true },
        new(JobKinds.Undo, typeof(UndoneAccounts)) { Title = JobTexts.Undo, Words = JobTexts.ResultOf, IsInTurn = true })
    {
        Codes = [.. AccountsProblems.All, .. CsvProblems.All, .. PlatformProblems.All],
        WorkTable = "bulk_job",
        WorkColumns = BulkNumbers.AddColumns,
        AccountNames = "select account_id, address from mail_account_list where deletion_job is null",
        FormerColumns = FormerJobs.AddColumns,
        FormerResult = FormerJobs.Result,
    };

    /// <summary>An id for a new job.</summary>
    public static string NewId() => All.NewId();

    // The node is gone, or its mailbox cannot be opened; a new deletion may be asked for (ACC-6). A deletion of an account is
    // never given up: the account is gone for everybody already.
    private static async Task FailMailDataDeletionAsync(IDocumentSession session, GivenUpJob job, CancellationToken stop)
    {
        var account = await session.Events.FetchForWriting<MailAccount>(job.AccountId, stop);
        if (account.Aggregate?.MailDeletionJob == job.Id) account.AppendOne(new MailDataDeletionFailed(job.Id, job.Reference, job.At));
    }
}
