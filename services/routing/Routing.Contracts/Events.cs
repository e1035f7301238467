// What the routing service tells others. These shapes are public: they grow, they never change (docs/decisions/0006).

using Hikyaku.Contracts;

namespace Hikyaku.Routing.Contracts;

/// <summary>A forwarding rule was set or changed (RTE-1). Keyword and destinations are not told: they are the account's own.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the routing service's order; grows, has gaps.</param>
/// <param name="Version">The version of the account's routing after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="AccountId">Whose rule it is.</param>
/// <param name="Rule">The rule's number, which the account never gives to another rule.</param>
/// <param name="Condition">all, from or subject.</param>
/// <param name="Destinations">How many destinations it has.</param>
/// <param name="Domain">The account's domain in A-labels.</param>
public sealed record ForwardingRuleSet(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By,
    string AccountId, int Rule, string Condition, int Destinations, string? Domain = null) : IDomainEvent;

/// <summary>A forwarding rule was removed.</summary>
/// <inheritdoc cref="ForwardingRuleSet"/>
public sealed record ForwardingRuleRemoved(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, int Rule, string? Domain = null) : IDomainEvent;

/// <summary>An autoreply was set or has another text (RTE-7). The text is not told.</summary>
/// <inheritdoc cref="ForwardingRuleSet"/>
public sealed record AutoreplySet(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>The autoreply was removed.</summary>
/// <inheritdoc cref="ForwardingRuleSet"/>
public sealed record AutoreplyRemoved(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>New mail is no longer stored (RTE-6); forwarding and autoreply go on.</summary>
/// <inheritdoc cref="ForwardingRuleSet"/>
public sealed record ReceptionTurnedOff(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>New mail is stored again.</summary>
/// <inheritdoc cref="ForwardingRuleSet"/>
public sealed record ReceptionTurnedOn(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string AccountId, string? Domain = null) : IDomainEvent;

/// <summary>
/// What lists, searches and exports of accounts show of an account's routing. Not an event of its own: it comes beside each of
/// them, and the one with the highest version counts.
/// </summary>
/// <param name="AccountId">Whose.</param>
/// <param name="Version">The version of the account's routing.</param>
/// <param name="Forwarding">Whether it has a forwarding rule.</param>
/// <param name="Autoreply">Whether it has an autoreply.</param>
/// <param name="Reception">Whether new mail is stored.</param>
public sealed record RoutingSummarized(string AccountId, long Version, bool Forwarding, bool Autoreply, bool Reception);
