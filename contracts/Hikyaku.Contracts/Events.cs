// What all services share when they tell others what happened. These shapes are public: they grow, they never change
// (docs/decisions/0006).

namespace Hikyaku.Contracts;

/// <summary>
/// Marks a contract as a domain event: the feed records every one of them, history and webhooks show it. Messages without this
/// mark (states, reports, notices) are not recorded.
/// </summary>
public interface IDomainEvent
{
    /// <summary>Unique for this event; a repeated delivery has the same.</summary>
    Guid EventId { get; }

    /// <summary>The event's place in its service's order; grows, has gaps.</summary>
    long Position { get; }

    /// <summary>The version of the event's stream after it, from 1.</summary>
    long Version { get; }

    /// <summary>When it was decided.</summary>
    DateTimeOffset At { get; }

    /// <summary>Who caused it.</summary>
    CausedBy By { get; }
}

/// <summary>Who caused an event, from where and through what (rule ROLE-3).</summary>
/// <param name="Role">operator, admin, user or system.</param>
/// <param name="Login">The login name; the address for a user.</param>
/// <param name="Address">The IP address the request came from; empty for the system.</param>
/// <param name="Via">panel, api, csv, policy, or token: and the name of an API token.</param>
/// <param name="Session">The session or API token that sent the command; empty when there was none. Not a secret.</param>
public sealed record CausedBy(string Role, string Login, string Address, string Via, string Session);
