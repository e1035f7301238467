// What the accounts service tells of second factors (GWY-2). Secrets, codes and reasons are not told.

using Hikyaku.Contracts;

namespace Hikyaku.Accounts.Contracts;

/// <summary>An operator or administrator needs a second factor from now on; other sessions of that login end.</summary>
/// <inheritdoc cref="StaffPasswordChanged"/>
public sealed record StaffSecondFactorEnrolled(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Login) : IDomainEvent;

/// <summary>An operator or administrator no longer has a second factor (whether an operator took it away stands in the last field; then all sessions of that login end).</summary>
/// <inheritdoc cref="StaffPasswordChanged"/>
public sealed record StaffSecondFactorRemoved(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Login, bool ByOperator) : IDomainEvent;

/// <summary>A domain requires a second factor of its administrators, or no longer (the last field). Who has none can do nothing but set one up.</summary>
/// <inheritdoc cref="DomainAdded"/>
public sealed record DomainSecondFactorRequirementChanged(
    Guid EventId, long Position, long Version, DateTimeOffset At, CausedBy By, string Domain, bool Required) : IDomainEvent;
