// What the accounts service tells others. These shapes are public: they grow, they never change (docs/decisions/0006).

using Hikyaku.Contracts;

namespace Hikyaku.Accounts.Contracts;

/// <summary>A mail account began to exist. Every later message of this life carries the same <paramref name="AccountId"/>.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the accounts service's order; grows, has gaps.</param>
/// <param name="Version">The account's version after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="AccountId">Identifies one life of an address (UUIDv7, 32 hex digits).</param>
/// <param name="Address">Lower case, domain in A-labels.</param>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Life">1 for the first account that had this address, then 2, and so on.</param>
/// <param name="CapacityMb">Capacity in MB of 1,048,576 bytes.</param>
public sealed record MailAccountCreated(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By,
    string AccountId, string Address, string Domain, int Life, int CapacityMb) : IDomainEvent;

/// <summary>A mail account has a new password; sessions of the old one end. The password's hash is not told.</summary>
/// <inheritdoc cref="MailAccountCreated"/>
public sealed record MailAccountPasswordChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>
/// A mail account's password was replaced by one that nobody knows (ACC-8): every session and token of it ends, and an
/// administrator has to set another one.
/// </summary>
/// <inheritdoc cref="MailAccountCreated"/>
public sealed record MailAccountPasswordForciblyChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>All mail of an account is being deleted (ACC-6); the account stays.</summary>
/// <inheritdoc cref="MailDataDeletionFinished"/>
public sealed record MailDataDeletionStarted(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string? Domain = null) : IDomainEvent;

/// <summary>The deletion of an account's mail has ended.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the accounts service's order; grows, has gaps.</param>
/// <param name="Version">The account's version after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="AccountId">Identifies one life of an address (UUIDv7, 32 hex digits).</param>
/// <param name="JobId">The job that did it.</param>
/// <param name="Domain">The domain in A-labels.</param>
public sealed record MailDataDeletionFinished(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string? Domain = null) : IDomainEvent;

/// <summary>Everything of a mail account is erased; its address is free.</summary>
/// <inheritdoc cref="MailAccountCreated"/>
public sealed record MailAccountDeleted(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>A mail account has another capacity.</summary>
/// <inheritdoc cref="MailAccountCreated"/>
public sealed record MailAccountCapacityChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, int CapacityMb, string? Domain = null) : IDomainEvent;

/// <summary>A mail account's comment was changed. The text is not told: only administrators may read it.</summary>
/// <inheritdoc cref="MailAccountCreated"/>
public sealed record MailAccountCommentChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>The platform serves a further domain.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the accounts service's order.</param>
/// <param name="Version">The domain's version after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="MaxAccounts">How many accounts it may have, postmaster included.</param>
/// <param name="MaxCapacityMb">The sum of capacities it may have, in MB.</param>
/// <param name="DefaultCapacityMb">What an account gets when its creation names none, in MB.</param>
public sealed record DomainAdded(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By,
    string Domain, int MaxAccounts, int MaxCapacityMb, int DefaultCapacityMb) : IDomainEvent;

/// <summary>A domain has other limits.</summary>
/// <inheritdoc cref="DomainAdded"/>
public sealed record DomainLimitsChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By,
    string Domain, int MaxAccounts, int MaxCapacityMb, int DefaultCapacityMb) : IDomainEvent;

/// <summary>A login (its name in the last field) administers a domain from now on.</summary>
/// <inheritdoc cref="DomainAdded"/>
public sealed record DomainAdministratorAppointed(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain, string Login) : IDomainEvent;

/// <summary>A login no longer administers a domain.</summary>
/// <inheritdoc cref="DomainAdministratorAppointed"/>
public sealed record DomainAdministratorDismissed(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain, string Login) : IDomainEvent;

/// <summary>A domain is gone for everybody: its administrators have lost it, and its name is free when the job (in the last field) has ended.</summary>
/// <inheritdoc cref="DomainAdded"/>
public sealed record DomainDeletionStarted(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain, string JobId) : IDomainEvent;

/// <summary>An operator or administrator has a new password; other sessions of that login end.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the accounts service's order.</param>
/// <param name="Version">The login's version after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="Login">The login name.</param>
public sealed record StaffPasswordChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Login) : IDomainEvent;
