// What the spam service tells others. These shapes are public: they grow, they never change (docs/decisions/0006).

using Hikyaku.Contracts;

namespace Hikyaku.Spam.Contracts;

/// <summary><c>[SPAM] </c> is put before the subject of an account's mail that is judged spam from now on (SPM-2).</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the spam service's order; grows, has gaps.</param>
/// <param name="Version">The version of the account's spam settings after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="AccountId">Whose setting it is.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record SubjectTaggingTurnedOn(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>Subjects stay as they are from now on.</summary>
/// <inheritdoc cref="SubjectTaggingTurnedOn"/>
public sealed record SubjectTaggingTurnedOff(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>An account's mail that is judged spam is filed into the mailbox Junk from now on (SPM-3).</summary>
/// <inheritdoc cref="SubjectTaggingTurnedOn"/>
public sealed record JunkSortingTurnedOn(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>It is filed like other mail from now on.</summary>
/// <inheritdoc cref="SubjectTaggingTurnedOn"/>
public sealed record JunkSortingTurnedOff(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>A domain's DNS was looked up, and there is something else than before (SPM-5).</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the spam service's order; grows, has gaps.</param>
/// <param name="Version">The version of the domain's standing after this event, from 1.</param>
/// <param name="At">When it was looked up.</param>
/// <param name="By">Who caused it.</param>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Mx">Whether its mail server is the platform's.</param>
/// <param name="Ns">Whether its name servers are the platform's.</param>
/// <param name="Assumed">Whether that is assumed, because no resolver is set.</param>
public sealed record DomainDnsChecked(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain, bool Mx, bool Ns, bool Assumed) : IDomainEvent;

/// <summary>An operator treats a domain as if its DNS and mail server were the platform's. The reason is not told.</summary>
/// <inheritdoc cref="DomainDnsChecked"/>
public sealed record DomainDnsOverridden(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain) : IDomainEvent;

/// <summary>What the domain's DNS says counts again.</summary>
/// <inheritdoc cref="DomainDnsChecked"/>
public sealed record DomainDnsOverrideRemoved(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain) : IDomainEvent;

/// <summary>
/// What lists, searches and exports of accounts show of an account's spam settings. Not an event of its own: it comes beside each of
/// them, and the one with the highest version counts.
/// </summary>
/// <param name="AccountId">Whose.</param>
/// <param name="Version">The version of the account's spam settings.</param>
/// <param name="TagSubject">Whether subjects of spam are marked.</param>
/// <param name="SortToJunk">Whether spam is filed into Junk.</param>
public sealed record SpamSummarized(string AccountId, long Version, bool TagSubject, bool SortToJunk);
