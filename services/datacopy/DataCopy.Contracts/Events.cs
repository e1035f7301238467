// What the copy service tells others. These shapes are public: they grow, they never change (docs/decisions/0006).

using Hikyaku.Contracts;

namespace Hikyaku.DataCopy.Contracts;

/// <summary>The user of an account asked for a copy of their mail from another server.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the copy service's order; grows, has gaps.</param>
/// <param name="Version">The version of the account's copies after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it; of what a worker does, who asked for the copy.</param>
/// <param name="AccountId">Whose mailbox it goes into.</param>
/// <param name="JobId">The copy, which is also a job.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record CopyRequested(Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string? Domain = null) : IDomainEvent;

/// <summary>A copy has begun.</summary>
/// <inheritdoc cref="CopyRequested"/>
public sealed record CopyStarted(Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string? Domain = null) : IDomainEvent;

/// <summary>A copy waits for what is away.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the account's copies after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who asked for the copy.</param>
/// <param name="AccountId">Whose mailbox it goes into.</param>
/// <param name="JobId">The copy.</param>
/// <param name="Cause">Why, like server-busy.</param>
/// <param name="Until">When it goes on.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record CopyPaused(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string Cause, DateTimeOffset Until, string? Domain = null) : IDomainEvent;

/// <summary>A copy goes on after a pause.</summary>
/// <inheritdoc cref="CopyRequested"/>
public sealed record CopyResumed(Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string? Domain = null) : IDomainEvent;

/// <summary>All was copied that can be.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the account's copies after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who asked for the copy.</param>
/// <param name="AccountId">Whose mailbox it went into.</param>
/// <param name="JobId">The copy.</param>
/// <param name="Reason">What is to be known all the same: messages-too-large or source-empty; null: nothing.</param>
/// <param name="Messages">What it has come to.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record CopySucceeded(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string? Reason, CopiedMessages Messages, string? Domain = null) : IDomainEvent;

/// <summary>A copy has ended early; a repetition goes on from there.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the account's copies after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who asked for the copy.</param>
/// <param name="AccountId">Whose mailbox it went into.</param>
/// <param name="JobId">The copy.</param>
/// <param name="Reason">capacity, source-unsuitable or server-trouble.</param>
/// <param name="Messages">What it has come to.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record CopyFailed(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string Reason, CopiedMessages Messages, string? Domain = null) : IDomainEvent;

/// <summary>Somebody has cancelled a copy; what was copied stays.</summary>
/// <param name="EventId">Unique for this event.</param>
/// <param name="Position">The event's place in the service's order.</param>
/// <param name="Version">The version of the account's copies after this event.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who asked for the copy, or has cancelled it.</param>
/// <param name="AccountId">Whose mailbox it went into.</param>
/// <param name="JobId">The copy.</param>
/// <param name="Messages">What it has come to.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record CopyCancelled(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, CopiedMessages Messages, string? Domain = null) : IDomainEvent;

/// <summary>What a copy has come to, in messages.</summary>
/// <param name="Total">How many the source has.</param>
/// <param name="Copied">How many it has copied.</param>
/// <param name="AlreadyThere">How many earlier copies had copied.</param>
/// <param name="SkippedTooLarge">How many are over 100 MB.</param>
/// <param name="Failed">How many could not be copied for another reason.</param>
public sealed record CopiedMessages(long Total, long Copied, long AlreadyThere, long SkippedTooLarge, long Failed);
