namespace Hikyaku.Platform;

/// <summary>What was answered to an Idempotency-Key (kept for <see cref="Kept"/>).</summary>
public sealed record IdempotencyRecord
{
    /// <summary>How long an answer is repeated.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    /// <summary>Keyed hash of caller, method, path and key.</summary>
    public required string Id { get; init; }

    /// <summary>Keyed hash of the request's body.</summary>
    public required string BodyHash { get; init; }

    /// <summary>The sealed answer.</summary>
    public required byte[] Sealed { get; init; }

    /// <summary>When it was answered.</summary>
    public required DateTimeOffset At { get; init; }
}
