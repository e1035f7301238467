using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Storage;

/// <summary>The name and version under which every event is stored. A name that was ever written is never given to another shape.</summary>
public static class EventNames
{
    /// <summary>All of them.</summary>
    public static readonly IReadOnlyDictionary<Type, string> All = new Dictionary<Type, string>
    {
        [typeof(MailAccountCreated)] = "accounts.mail-account-created.v1",
        [typeof(MailAccountPasswordChanged)] = "accounts.mail-account-password-changed.v1",
        [typeof(MailAccountPasswordForciblyChanged)] = "accounts.mail-account-password-forcibly-changed.v1",
        [typeof(MailAccountCapacityChanged)] = "accounts.mail-account-capacity-changed.v1",
        [typeof(MailAccountCommentChanged)] = "accounts.mail-account-comment-changed.v1",
        [typeof(MailDataDeletionStarted)] = "accounts.mail-data-deletion-started.v1",
        [typeof(MailDataDeletionFinished)] = "accounts.mail-data-deletion-finished.v1",
        [typeof(MailDataDeletionFailed)] = "accounts.mail-data-deletion-failed.v1",
        [typeof(MailAccountDeletionStarted)] = "accounts.mail-account-deletion-started.v1",
        [typeof(MailAccountDeleted)] = "accounts.mail-account-deleted.v1",
        [typeof(DomainAdded)] = "accounts.domain-added.v1",
        [typeof(DomainLimitsChanged)] = "accounts.domain-limits-changed.v1",
        [typeof(DomainAdministratorAppointed)] = "accounts.domain-administrator-appointed.v1",
        [typeof(DomainAdministratorDismissed)] = "accounts.domain-administrator-dismissed.v1",
        [typeof(DomainDkimKeyMade)] = "accounts.domain-dkim-key-made.v1",
        [typeof(DomainDkimKeyActivated)] = "accounts.domain-dkim-key-activated.v1",
        [typeof(DomainDeletionStarted)] = "accounts.domain-deletion-started.v1",
        [typeof(DomainDeleted)] = "accounts.domain-deleted.v1",
        [typeof(DomainSecondFactorRequirementChanged)] = "accounts.domain-second-factor-requirement-changed.v1",
        [typeof(StaffLoginAdded)] = "accounts.staff-login-added.v1",
        [typeof(JobQueued)] = "accounts.job-queued.v1",
        [typeof(JobStarted)] = "accounts.job-started.v1",
        [typeof(JobSucceeded)] = "accounts.job-succeeded.v1",
        [typeof(JobFailed)] = "accounts.job-failed.v1",
        [typeof(JobCancelled)] = "accounts.job-cancelled.v1",
        [typeof(StaffPasswordChanged)] = "accounts.staff-password-changed.v1",
        [typeof(StaffSecondFactorEnrolled)] = "accounts.staff-second-factor-enrolled.v1",
        [typeof(StaffSecondFactorRemoved)] = "accounts.staff-second-factor-removed.v1",
        [typeof(StaffSecondFactorReset)] = "accounts.staff-second-factor-reset.v1",
        [typeof(StaffRecoveryCodesRenewed)] = "accounts.staff-recovery-codes-renewed.v1",
        [typeof(StaffRecoveryCodeUsed)] = "accounts.staff-recovery-code-used.v1",
        [typeof(MailNodeRegistered)] = "accounts.mail-node-registered.v1",
        [typeof(MailNodeMoved)] = "accounts.mail-node-moved.v1",
        [typeof(MailNodeRetired)] = "accounts.mail-node-retired.v1",
    };
}
