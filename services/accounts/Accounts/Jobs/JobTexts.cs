using System.Resources;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Jobs;

/// <summary>How the message board calls jobs of this service and what came of them. Texts: Notices/NoticeTexts.resx and .ja.resx.</summary>
public static class JobTexts
{
    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.Notices.NoticeTexts", typeof(JobTexts).Assembly);

    /// <summary>Jobs that delete accounts.</summary>
    public static readonly ProblemCode AccountDeletion = Code("account-deletion");

    /// <summary>Jobs that delete a domain.</summary>
    public static readonly ProblemCode DomainDeletion = Code("domain-deletion");

    /// <summary>Jobs that delete the mail of an account.</summary>
    public static readonly ProblemCode MailDataDeletion = Code("mail-data-deletion");

    /// <summary>Jobs that register accounts.</summary>
    public static readonly ProblemCode BulkRegistration = Code("bulk-registration");

    /// <summary>Jobs that change accounts.</summary>
    public static readonly ProblemCode BulkChange = Code("bulk-change");

    /// <summary>Jobs that undo others.</summary>
    public static readonly ProblemCode Undo = Code("undo");

    private static readonly ProblemCode AccountsDeleted = Code("accounts-deleted");
    private static readonly ProblemCode MailDataDeleted = Code("mail-data-deleted");
    private static readonly ProblemCode AccountsRegistered = Code("accounts-registered");
    private static readonly ProblemCode CanBeRegistered = Code("can-be-registered");
    private static readonly ProblemCode AccountsChanged = Code("accounts-changed");
    private static readonly ProblemCode CanBeChanged = Code("can-be-changed");
    private static readonly ProblemCode AccountsUndone = Code("accounts-undone");
    private static readonly ProblemCode NothingRegistered = Code("nothing-registered");
    private static readonly ProblemCode NothingChanged = Code("nothing-changed");

    /// <summary>What came of a job that has succeeded, or failed because of its file.</summary>
    public static Rejection ResultOf(JobView job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job switch
        {
            { State: JobStates.Failed, Problems: { } n } => new(job.Kind == JobKinds.BulkRegistration ? NothingRegistered : NothingChanged, null, ("n", n)),
            { Result: DeletedAccounts r } => new(AccountsDeleted, null, ("n", r.Deleted)),
            { Result: RegisteredAccounts r } => new(job.DryRun is true ? CanBeRegistered : AccountsRegistered, null, ("n", r.Registered)),
            { Result: ChangedAccounts r } => new(job.DryRun is true ? CanBeChanged : AccountsChanged, null, ("n", r.Changed), ("m", r.Skipped)),
            { Result: UndoneAccounts r } => new(AccountsUndone, null, ("n", r.Undone), ("m", r.LeftCount)),
            { Result: DeletedMail r } => new(MailDataDeleted, null, ("mb", MailAccountView.UsedMbOf(r.FreedBytes ?? 0))),
            _ => throw new InvalidOperationException($"The job {job.Id} has no result"),
        };
    }

    private static ProblemCode Code(string name) => new($"notices.{name}", 200, Texts);
}
