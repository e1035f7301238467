using System.Globalization;
using System.Resources;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Notices;

/// <summary>What notices are about, and how they are worded. Texts: NoticeTexts.resx and .ja.resx.</summary>
public static class NoticeKinds
{
    /// <summary>The password of an account was replaced by one that nobody knows (ACC-8).</summary>
    public const string PasswordForciblyChanged = "password-forcibly-changed";

    /// <summary>A job has ended, one way or another (GWY-5).</summary>
    public const string JobFinished = "job-finished";

    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.Notices.NoticeTexts", typeof(NoticeKinds).Assembly);

    // Worded by what words refusals: one way to fill in placeholders, one test of both languages.
    private static readonly ProblemCode PasswordForciblyChangedText = Code("password-forcibly-changed");
    private static readonly ProblemCode JobFinishedText = Code("job-finished");
    private static readonly ProblemCode AccountDeletion = Code("account-deletion");
    private static readonly ProblemCode MailDataDeletion = Code("mail-data-deletion");
    private static readonly ProblemCode BulkRegistration = Code("bulk-registration");
    private static readonly ProblemCode BulkChange = Code("bulk-change");
    private static readonly ProblemCode Undo = Code("undo");
    private static readonly ProblemCode AccountsDeleted = Code("accounts-deleted");
    private static readonly ProblemCode MailDataDeleted = Code("mail-data-deleted");
    private static readonly ProblemCode AccountsRegistered = Code("accounts-registered");
    private static readonly ProblemCode CanBeRegistered = Code("can-be-registered");
    private static readonly ProblemCode AccountsChanged = Code("accounts-changed");
    private static readonly ProblemCode CanBeChanged = Code("can-be-changed");
    private static readonly ProblemCode AccountsUndone = Code("accounts-undone");
    private static readonly ProblemCode NothingRegistered = Code("nothing-registered");
    private static readonly ProblemCode NothingChanged = Code("nothing-changed");
    private static readonly ProblemCode JobFailed = Code("job-failed");
    private static readonly ProblemCode JobCancelled = Code("job-cancelled");

    /// <summary>Whether there is such a kind.</summary>
    public static bool Has(string kind) => kind is PasswordForciblyChanged or JobFinished;

    /// <summary>What happened and what to do, in a language.</summary>
    /// <param name="kind">One of the above.</param>
    /// <param name="address">The account that it is about, when it is about one.</param>
    /// <param name="job">The job that has ended, when it is about one.</param>
    /// <param name="language">The reader's.</param>
    public static string Text(string kind, string address, JobView? job, CultureInfo language) => (kind, job) switch
    {
        (PasswordForciblyChanged, _) => Problems.Text(new(PasswordForciblyChangedText, null, ("a", address)), language),
        (JobFinished, not null) => Problems.Text(
            new(JobFinishedText, null, ("job", Problems.Text(new(NameOf(job.Kind)), language)), ("a", job.Account ?? job.Domain), ("result", Problems.Text(ResultOf(job), language))),
            language),
        _ => throw new InvalidOperationException($"There is no text for notices of the kind {kind}"),
    };

    private static ProblemCode NameOf(string jobKind) => jobKind switch
    {
        JobKinds.AccountDeletion => AccountDeletion,
        JobKinds.MailDataDeletion => MailDataDeletion,
        JobKinds.BulkRegistration => BulkRegistration,
        JobKinds.BulkChange => BulkChange,
        JobKinds.Undo => Undo,
        _ => throw new InvalidOperationException($"There is no name for jobs of the kind {jobKind}"),
    };

    private static Rejection ResultOf(JobView job) => job switch
    {
        { State: JobStates.Cancelled } => new(JobCancelled),
        { State: JobStates.Failed, Problems: { } n } => new(job.Kind == JobKinds.BulkRegistration ? NothingRegistered : NothingChanged, null, ("n", n)),
        { State: JobStates.Failed } => new(JobFailed, null, ("ref", job.Reference ?? "")),
        { Result: DeletedAccounts r } => new(AccountsDeleted, null, ("n", r.Deleted)),
        { Result: RegisteredAccounts r } => new(job.DryRun is true ? CanBeRegistered : AccountsRegistered, null, ("n", r.Registered)),
        { Result: ChangedAccounts r } => new(job.DryRun is true ? CanBeChanged : AccountsChanged, null, ("n", r.Changed), ("m", r.Skipped)),
        { Result: UndoneAccounts r } => new(AccountsUndone, null, ("n", r.Undone), ("m", r.LeftCount)),
        { Result: DeletedMail r } => new(MailDataDeleted, null, ("mb", MailAccountView.UsedMbOf(r.FreedBytes ?? 0))),
        _ => throw new InvalidOperationException($"The job {job.Id} has not ended"),
    };

    private static ProblemCode Code(string name) => new($"notices.{name}", 200, Texts);
}
