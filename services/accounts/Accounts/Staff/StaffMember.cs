using Hikyaku.Platform;

namespace Hikyaku.Accounts.Staff;

// The events below are the storage format of the logins of operators and administrators: what is written stays for ever.
// Add fields only as optional ones; a new shape is a new version in Storage/EventNames.cs and an upcaster.

/// <summary>A person who runs the platform or domains may sign in.</summary>
public sealed record StaffLoginAdded([property: PersonalData] string Login, string Role, string CredentialId, DateTimeOffset At);

/// <summary>The login has another password; its own choice, or set by an operator and to be changed again.</summary>
public sealed record StaffPasswordChanged(string CredentialId, bool OwnChoice, DateTimeOffset At);

/// <summary>The login needs a second factor from now on. Its secret is not in the event, which is kept and shown.</summary>
public sealed record StaffSecondFactorEnrolled(DateTimeOffset At);

/// <summary>Its owner turned the second factor off.</summary>
public sealed record StaffSecondFactorRemoved(DateTimeOffset At);

/// <summary>An operator took the second factor away.</summary>
public sealed record StaffSecondFactorReset([property: PersonalData] string Reason, DateTimeOffset At);

/// <summary>The recovery codes were made anew.</summary>
public sealed record StaffRecoveryCodesRenewed(DateTimeOffset At);

/// <summary>A recovery code was used; so many are left.</summary>
public sealed record StaffRecoveryCodeUsed(int Left, DateTimeOffset At);

/// <summary>What the events of one login add up to.</summary>
public sealed record StaffMember : IState<StaffMember>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events =
    [
        typeof(StaffLoginAdded), typeof(StaffPasswordChanged), typeof(StaffSecondFactorEnrolled), typeof(StaffSecondFactorRemoved), typeof(StaffSecondFactorReset),
        typeof(StaffRecoveryCodesRenewed), typeof(StaffRecoveryCodeUsed),
    ];

    /// <summary>The stream's key; see <see cref="KeyOf"/>.</summary>
    public required string Id { get; init; }

    /// <summary>The login name in lower case; without '@', so that it is never taken for a mail address.</summary>
    public required string Login { get; init; }

    /// <summary>operator or admin.</summary>
    public required string Role { get; init; }

    /// <summary>The present password's credential.</summary>
    public required string CredentialId { get; init; }

    /// <summary>Whether the password was set by somebody else and not changed since.</summary>
    public bool FirstPassword { get; init; }

    /// <summary>Whether a second factor is needed to sign in.</summary>
    public bool HasSecondFactor { get; init; }

    /// <summary>The stream of a login.</summary>
    public static string KeyOf(string login) => $"staff:{login}";

    /// <inheritdoc/>
    public static StaffMember? Evolve(StaffMember? state, object e) => e switch
    {
        StaffLoginAdded a => new() { Id = KeyOf(a.Login), Login = a.Login, Role = a.Role, CredentialId = a.CredentialId, FirstPassword = true },
        StaffPasswordChanged p => state! with { CredentialId = p.CredentialId, FirstPassword = !p.OwnChoice },
        StaffSecondFactorEnrolled => state! with { HasSecondFactor = true },
        StaffSecondFactorRemoved or StaffSecondFactorReset => state! with { HasSecondFactor = false },
        StaffRecoveryCodesRenewed or StaffRecoveryCodeUsed => state!, // only the history shows them
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a login"),
    };
}
