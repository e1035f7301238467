// What the accounts service tells of second factors (GWY-2). Secrets, codes and reasons are not told.

using Hikyaku.Contracts;

namespace Hikyaku.Accounts.Contracts;

/// <summary>An operator or administrator needs a second factor from now on; other sessions of that login end.</summary>
/// <inheritdoc cref="StaffPasswordChanged"/>
public sealed record StaffSecondFactorEnrolled(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Login) : IDomainEvent;

/// <summary>An operator or administrator no longer has a second factor.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the accounts service's order; grows, has gaps.</param>
/// <param name="Version">The login's version after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="Login">The login name.</param>
/// <param name="ByOperator">Whether an operator took it away; then all sessions of that login end.</param>
public sealed record StaffSecondFactorRemoved(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Login, bool ByOperator) : IDomainEvent;

/// <summary>A domain requires a second factor of its administrators, or no longer. Who has none can do nothing but set one up.</summary>
/// <param name="EventId">Unique for this event; a repeated delivery has the same.</param>
/// <param name="Position">The event's place in the accounts service's order; grows, has gaps.</param>
/// <param name="Version">The domain's version after this event, from 1.</param>
/// <param name="At">When it was decided.</param>
/// <param name="By">Who caused it.</param>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Required">Whether it requires one.</param>
public sealed record DomainSecondFactorRequirementChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain, bool Required) : IDomainEvent;
