// How the deletion of an account goes through all services (ACC-5). MassTransit names a message after its namespace and its type.
// These two have been published since the first release with the namespace below, and so they keep it: a service of another
// release, and a message that waits in a queue during an upgrade, are understood (docs/decisions/0032).

using Hikyaku.Contracts;

#pragma warning disable IDE0130 // the namespace is part of the messages' names
namespace Hikyaku.Accounts.Contracts;
#pragma warning restore IDE0130

/// <summary>
/// A mail account is gone for everybody, and its data is being erased: whoever keeps anything of it erases that now and
/// reports it with <see cref="AccountErased"/> (ACC-5).
/// </summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the accounts service's order; grows, has gaps.</param>
/// <param name="Version">The account's version after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="AccountId">Identifies one life of an address (UUIDv7, 32 hex digits).</param>
/// <param name="JobId">The job that did it.</param>
/// <param name="Domain">The domain in A-labels.</param>
public sealed record MailAccountDeletionStarted(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string JobId, string? Domain = null) : IDomainEvent;

/// <summary>What a participant of a deletion tells the accounts service: nothing of the account is left there.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Participant">Its name in the accounts service's settings, like <c>routing</c>.</param>
public sealed record AccountErased(string AccountId, string Participant);
