// What the restrictions service tells others. These shapes are public: they grow, they never change (docs/decisions/0006).

using Hikyaku.Contracts;

namespace Hikyaku.Restrictions.Contracts;

/// <summary>An account is restricted (RST-1), or a restriction that holds has another end. Evidence and reason are not told: they are for operators.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the restrictions service's order; grows, has gaps.</param>
/// <param name="Version">The version of the account's standing after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it; the system when a rule did.</param>
/// <param name="AccountId">Which account.</param>
/// <param name="Kind">compromise-suspected, account-locked or sending-locked.</param>
/// <param name="Reference">Names the restriction for support, like R-7K3M9QTA.</param>
/// <param name="Until">When it ends by itself; null: when something is done.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record AccountRestricted(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By,
    string AccountId, string Kind, string Reference, DateTimeOffset? Until, string? Domain = null) : IDomainEvent;

/// <summary>Restrictions of one kind have ended.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the account's standing after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it; the system when time did.</param>
/// <param name="AccountId">Which account.</param>
/// <param name="Kind">compromise-suspected, account-locked or sending-locked.</param>
/// <param name="References">The restrictions that have ended.</param>
/// <param name="Cause">operator, time or password-changed.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record RestrictionLifted(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By,
    string AccountId, string Kind, IReadOnlyList<string> References, string Cause, string? Domain = null) : IDomainEvent;

/// <summary>An operator decided about mail of an account that was held as a compromise was suspected (RST-9).</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the account's standing after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who.</param>
/// <param name="AccountId">Which account.</param>
/// <param name="Messages">How many messages.</param>
/// <param name="IsReleased">They are delivered; else they are deleted.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record HeldMailDecided(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, int Messages, bool IsReleased, string? Domain = null) : IDomainEvent;

/// <summary>A network that fails on many accounts is stopped (RST-3): nobody logs in from it but those who did so before.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the network's standing after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="Network">IPv4 /24 or IPv6 /64, like 192.0.2.0/24.</param>
/// <param name="Reference">Names it for support.</param>
/// <param name="Until">When it ends.</param>
public sealed record SourceStopped(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Network, string Reference, DateTimeOffset Until) : IDomainEvent;

/// <summary>A stopped network may log in again.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the network's standing after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it; the system when time did.</param>
/// <param name="Network">The network.</param>
/// <param name="Cause">operator or time.</param>
public sealed record SourceReleased(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Network, string Cause) : IDomainEvent;

/// <summary>The thresholds changed (RST-5), of the platform or of one domain. They are not told: only operators may read them.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of this policy after the event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="PolicyOf">The domain in A-labels; null: the platform.</param>
public sealed record RestrictionPolicyChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string? PolicyOf) : IDomainEvent;

/// <summary>
/// What lists of accounts show of an account's restrictions. Not an event of its own: it comes beside each of them, and the one with
/// the highest version counts.
/// </summary>
/// <param name="AccountId">Whose.</param>
/// <param name="Version">The version of the account's standing.</param>
/// <param name="Kinds">Those that hold, in the order of RST-1.</param>
public sealed record RestrictionsSummarized(string AccountId, long Version, IReadOnlyList<string> Kinds);
