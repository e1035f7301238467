using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

// The events below are the storage format of mail accounts: what is written stays for ever. Add fields only as optional
// ones, never rename or retype one; a new shape is a new version in Storage/EventNames.cs and an upcaster.

/// <summary>A mail account began to exist (ACC-3); its id is one life of the address.</summary>
public sealed record MailAccountCreated(
    string AccountId, [property: PersonalData] string Address, string Domain, int Life,
    int CapacityMb, [property: PersonalData] string? Comment, string? CredentialId, DateTimeOffset At, string? HomeNode = null);

/// <summary>The account has another password, kept in the credential named here.</summary>
public sealed record MailAccountPasswordChanged(string CredentialId, DateTimeOffset At);

/// <summary>The password was replaced by a random one that nobody knows (ACC-8), for a reason that the operator or a policy gave.</summary>
public sealed record MailAccountPasswordForciblyChanged(string CredentialId, [property: PersonalData] string Reason, DateTimeOffset At);

/// <summary>A job deletes all mail of the account (ACC-6); it stays.</summary>
public sealed record MailDataDeletionStarted(string JobId, DateTimeOffset At);

/// <summary>The mail that was there is deleted.</summary>
public sealed record MailDataDeletionFinished(string JobId, long Messages, long FreedBytes, DateTimeOffset At);

/// <summary>The job has given up; another may be started. The reference leads to its lines in the logs.</summary>
public sealed record MailDataDeletionFailed(string JobId, string Reference, DateTimeOffset At);

/// <summary>Nobody finds the account any more; a job waits until every participant has erased what it stored of it (ACC-5).</summary>
public sealed record MailAccountDeletionStarted(string JobId, DateTimeOffset At);

/// <summary>Nothing is left of the account but masked events; its address is free.</summary>
public sealed record MailAccountDeleted(DateTimeOffset At);

/// <summary>The account has another capacity, in MB.</summary>
public sealed record MailAccountCapacityChanged(int CapacityMb, DateTimeOffset At);

/// <summary>The account has another comment; null when it was cleared.</summary>
public sealed record MailAccountCommentChanged([property: PersonalData] string? Comment, DateTimeOffset At);

/// <summary>What the events of one mail account add up to.</summary>
public sealed record MailAccount : IState<MailAccount>
{
    /// <summary>The account every domain has from the start (ACC-4).</summary>
    public const string Postmaster = "postmaster";

    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events =
    [
        typeof(MailAccountCreated), typeof(MailAccountPasswordChanged), typeof(MailAccountPasswordForciblyChanged),
        typeof(MailAccountCapacityChanged), typeof(MailAccountCommentChanged), typeof(MailDataDeletionStarted), typeof(MailDataDeletionFinished),
        typeof(MailDataDeletionFailed),
        typeof(MailAccountDeletionStarted), typeof(MailAccountDeleted),
    ];

    /// <summary>One life of an address: UUIDv7, 32 hex digits.</summary>
    public required string Id { get; init; }

    /// <summary>Lower case, domain in A-labels.</summary>
    public required string Address { get; init; }

    /// <summary>In A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>1 for the first account of this address.</summary>
    public required int Life { get; init; }

    /// <summary>In MB of 1,048,576 bytes.</summary>
    public required int CapacityMb { get; init; }

    /// <summary>For administrators only.</summary>
    public string? Comment { get; init; }

    /// <summary>The present password's credential; null: nobody logs in.</summary>
    public string? CredentialId { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The mail node that keeps its mail; null when none was known.</summary>
    public string? HomeNode { get; init; }

    /// <summary>Whether the present password is one that nobody knows (ACC-8).</summary>
    public bool PasswordForciblyChanged { get; init; }

    /// <summary>While it is so: the credential of the password before it, by which the account's user is recognised; null when there was none.</summary>
    public string? FormerCredentialId { get; init; }

    /// <summary>The job that deletes its mail now; null when none does.</summary>
    public string? MailDeletionJob { get; init; }

    /// <summary>The job that deletes or has deleted the account; null while it lives.</summary>
    public string? DeletionJob { get; init; }

    /// <summary>Whether everything of it is erased.</summary>
    public bool Deleted { get; init; }

    /// <inheritdoc/>
    public static MailAccount? Evolve(MailAccount? state, object e) => e switch
    {
        MailAccountCreated c => new()
        {
            Id = c.AccountId,
            Address = c.Address,
            Domain = c.Domain,
            Life = c.Life,
            CapacityMb = c.CapacityMb,
            Comment = c.Comment,
            CredentialId = c.CredentialId,
            CreatedAt = c.At,
            HomeNode = c.HomeNode,
        },
        MailAccountPasswordChanged p => state! with { CredentialId = p.CredentialId, PasswordForciblyChanged = false, FormerCredentialId = null },
        MailAccountPasswordForciblyChanged f => state! with { CredentialId = f.CredentialId, PasswordForciblyChanged = true, FormerCredentialId = state.CredentialId },
        MailAccountCapacityChanged c => state! with { CapacityMb = c.CapacityMb },
        MailAccountCommentChanged c => state! with { Comment = c.Comment },
        MailDataDeletionStarted d => state! with { MailDeletionJob = d.JobId },
        MailDataDeletionFinished d => state!.MailDeletionJob == d.JobId ? state with { MailDeletionJob = null } : state, // a later one goes on
        MailDataDeletionFailed d => state!.MailDeletionJob == d.JobId ? state with { MailDeletionJob = null } : state, // a later one goes on
        MailAccountDeletionStarted d => state! with { DeletionJob = d.JobId },
        // Personal data is removed from the state, too: the earlier events are masked.
        MailAccountDeleted => state! with { Deleted = true, Address = "", Comment = null, CredentialId = null, FormerCredentialId = null },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a mail account"),
    };
}
