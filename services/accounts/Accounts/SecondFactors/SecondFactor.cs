using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>What became of a code.</summary>
public enum CodeUse
{
    /// <summary>It counts, and does not count again.</summary>
    Right,

    /// <summary>It counts as a recovery code, and does not count again.</summary>
    RightRecovery,

    /// <summary>It is wrong, or was used before.</summary>
    Wrong,

    /// <summary>It was not looked at, as too many were wrong.</summary>
    TooMany,
}

/// <summary>
/// What a login's second factor is made of. It is not in events, which are kept and shown; whether there is a second factor is said by
/// the login's stream (<see cref="Staff.StaffMember"/>) alone. Who changes it holds <see cref="LockAsync"/>.
/// </summary>
public sealed record SecondFactor
{
    /// <summary>How many wrong codes a login may have from all networks together within <see cref="WrongWindow"/>; only who knows the password can try one.</summary>
    public const int MostWrong = 30;

    /// <summary>How long wrong codes count.</summary>
    public static readonly TimeSpan WrongWindow = TimeSpan.FromHours(1);

    /// <summary>How long an offered secret can be confirmed.</summary>
    public static readonly TimeSpan OfferLife = TimeSpan.FromMinutes(15);

    /// <summary>The stream of the login.</summary>
    public required string Id { get; init; }

    /// <summary>The secret, sealed, in base64; null: none is in force.</summary>
    public string? Sealed { get; init; }

    /// <summary>The secret that waits for its confirmation, sealed, in base64; null: none.</summary>
    public string? Offered { get; init; }

    /// <summary>When it was offered.</summary>
    public DateTimeOffset OfferedAt { get; init; }

    /// <summary>Since when there is a second factor.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When a code was used last; null: not since it is there.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The newest time step whose code was used: neither it nor an earlier one counts again.</summary>
    public long LastStep { get; init; }

    /// <summary>Keyed hashes of the recovery codes that are left.</summary>
    public ImmutableList<string> RecoveryCodes { get; init; } = [];

    /// <summary>How many codes were wrong since <see cref="WrongSince"/>.</summary>
    public int WrongCodes { get; init; }

    /// <summary>When the first of them was.</summary>
    public DateTimeOffset WrongSince { get; init; }

    /// <summary>Until when no code is looked at.</summary>
    [JsonIgnore]
    public DateTimeOffset WrongUntil => WrongSince + WrongWindow;

    /// <summary>Takes a login's second factor until the end of the session's transaction, which it begins.</summary>
    public static async Task LockAsync(IDocumentSession session, string owner, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await session.BeginTransactionAsync(stop);
        await session.ExecuteAsync($"select pg_advisory_xact_lock(hashtextextended({owner}, 2))", stop);
    }

    /// <summary>Judges a code; pure.</summary>
    /// <param name="step">The time step whose code it is; null: it is none.</param>
    /// <param name="recoveryHash">Its hash if it is a recovery code.</param>
    /// <param name="now">When.</param>
    /// <returns>What it is, and what is to be kept.</returns>
    public (CodeUse Use, SecondFactor After) Judge(long? step, string recoveryHash, DateTimeOffset now)
    {
        var forgotten = now >= WrongUntil;
        if (!forgotten && WrongCodes >= MostWrong) return (CodeUse.TooMany, this);
        if (step > LastStep) return (CodeUse.Right, this with { LastStep = step.Value, LastUsedAt = now });
        if (RecoveryCodes.Contains(recoveryHash)) return (CodeUse.RightRecovery, this with { RecoveryCodes = RecoveryCodes.Remove(recoveryHash), LastUsedAt = now });
        // A right code does not clear the count: otherwise every sign-in of the owner would give a guesser new tries.
        return (CodeUse.Wrong, this with { WrongCodes = forgotten ? 1 : WrongCodes + 1, WrongSince = forgotten ? now : WrongSince });
    }
}
