using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using JasperFx.Events;

namespace Hikyaku.Accounts.Publishing;

/// <summary>Which stored event is told to others, and as what. Stored shapes and contracts change apart from each other.</summary>
public static class ToContract
{
    /// <summary>The contract; null for what is nobody else's business.</summary>
    /// <param name="e">The event.</param>
    /// <param name="mailbox">The account that it is about, if it is about one.</param>
    public static object? Of(IEvent e, Contracts.MailboxState? mailbox)
    {
        var by = EventHeaders.CausedByOf(e);
        var domain = mailbox?.Domain is { Length: > 0 } known ? known : null; // of one that is erased already nothing is known
        return e.Data switch
        {
            MailAccountCreated c => new Contracts.MailAccountCreated(e.Id, e.Sequence, e.Version, c.At, by, c.AccountId, c.Address, c.Domain, c.Life, c.CapacityMb),
            MailAccountPasswordChanged p => new Contracts.MailAccountPasswordChanged(e.Id, e.Sequence, e.Version, p.At, by, e.StreamKey!, domain),
            MailAccountCapacityChanged c => new Contracts.MailAccountCapacityChanged(e.Id, e.Sequence, e.Version, c.At, by, e.StreamKey!, c.CapacityMb, domain),
            MailAccountCommentChanged c => new Contracts.MailAccountCommentChanged(e.Id, e.Sequence, e.Version, c.At, by, e.StreamKey!, domain),
            MailAccountPasswordForciblyChanged f => new Contracts.MailAccountPasswordForciblyChanged(e.Id, e.Sequence, e.Version, f.At, by, e.StreamKey!, domain),
            MailDataDeletionStarted d => new Contracts.MailDataDeletionStarted(e.Id, e.Sequence, e.Version, d.At, by, e.StreamKey!, d.JobId, domain),
            MailDataDeletionFinished d => new Contracts.MailDataDeletionFinished(e.Id, e.Sequence, e.Version, d.At, by, e.StreamKey!, d.JobId, domain),
            MailAccountDeletionStarted d => new Contracts.MailAccountDeletionStarted(e.Id, e.Sequence, e.Version, d.At, by, e.StreamKey!, d.JobId, domain),
            MailAccountDeleted d => new Contracts.MailAccountDeleted(e.Id, e.Sequence, e.Version, d.At, by, e.StreamKey!, domain),
            DomainAdded a => new Contracts.DomainAdded(e.Id, e.Sequence, e.Version, a.At, by, a.Domain, a.MaxAccounts, a.MaxCapacityMb, a.DefaultCapacityMb),
            DomainLimitsChanged l => new Contracts.DomainLimitsChanged(e.Id, e.Sequence, e.Version, l.At, by, e.StreamKey!, l.MaxAccounts, l.MaxCapacityMb, l.DefaultCapacityMb),
            DomainAdministratorAppointed a => new Contracts.DomainAdministratorAppointed(e.Id, e.Sequence, e.Version, a.At, by, e.StreamKey!, a.Login),
            DomainAdministratorDismissed d => new Contracts.DomainAdministratorDismissed(e.Id, e.Sequence, e.Version, d.At, by, e.StreamKey!, d.Login),
            DomainDkimKeyMade or DomainDkimKeyActivated => null, // nodes are told the state, and the world by DNS
            DomainDeletionStarted d => new Contracts.DomainDeletionStarted(e.Id, e.Sequence, e.Version, d.At, by, e.StreamKey!, d.JobId),
            DomainDeleted => null, // the job says so; for others it has been gone since its deletion began
            StaffPasswordChanged p => new Contracts.StaffPasswordChanged(e.Id, e.Sequence, e.Version, p.At, by, e.StreamKey!["staff:".Length..]),
            StaffSecondFactorEnrolled s => new Contracts.StaffSecondFactorEnrolled(e.Id, e.Sequence, e.Version, s.At, by, e.StreamKey!["staff:".Length..]),
            StaffSecondFactorRemoved s => new Contracts.StaffSecondFactorRemoved(e.Id, e.Sequence, e.Version, s.At, by, e.StreamKey!["staff:".Length..], false),
            StaffSecondFactorReset s => new Contracts.StaffSecondFactorRemoved(e.Id, e.Sequence, e.Version, s.At, by, e.StreamKey!["staff:".Length..], true),
            StaffRecoveryCodesRenewed or StaffRecoveryCodeUsed => null, // its owner is told by a notice
            DomainSecondFactorRequirementChanged r => new Contracts.DomainSecondFactorRequirementChanged(e.Id, e.Sequence, e.Version, r.At, by, e.StreamKey!, r.Required),
            MailDataDeletionFailed => null, // the job says so to whoever began it; to others nothing has changed
            JobQueued => new RunJob(e.StreamKey!), // a command to this service's own workers
            JobStarted or JobSucceeded or JobFailed or JobCancelled => null, // jobs are asked for, and what they do has events of its own
            StaffLoginAdded => null, // nobody needs it before the login is appointed somewhere
            MailNodeRegistered or MailNodeMoved or MailNodeRetired => null, // only nodes need it, and are told the state
            _ => throw new InvalidOperationException($"{e.Data.GetType()} has no contract and no reason for none"),
        };
    }
}
