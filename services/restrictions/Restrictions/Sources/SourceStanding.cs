// These shapes are the storage format of the stream: they grow, they never change. Every released shape stays as a test fixture.

using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Sources;

/// <summary>A network is stopped, or for longer.</summary>
public sealed record SourceStopped(string Network, string Reference, DateTimeOffset Until, string Evidence, IReadOnlyList<string> KnownAccounts, DateTimeOffset At);

/// <summary>A network is no longer stopped.</summary>
public sealed record SourceReleased(string Network, string Cause, string? Reason, DateTimeOffset At);

/// <summary>How a network stands. The stream's key is <see cref="KeyOf"/>.</summary>
public sealed record SourceStanding : IState<SourceStanding>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(SourceStopped), typeof(SourceReleased)];

    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    /// <summary>The network.</summary>
    public required string Network { get; init; }

    /// <summary>Names the newest stop for support.</summary>
    public required string Reference { get; init; }

    /// <summary>When the stop ends; null: it is not stopped.</summary>
    public DateTimeOffset? Until { get; init; }

    /// <summary>When the newest stop began.</summary>
    public DateTimeOffset Since { get; init; }

    /// <summary>When it was last released; facts from before are not counted again.</summary>
    public DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>How often it was stopped within a day, which makes the next stop longer.</summary>
    public int Stops { get; init; }

    /// <summary>What was counted, as JSON.</summary>
    public string Evidence { get; init; } = "";

    /// <summary>The accounts that logged in from it before, which the stop does not concern.</summary>
    public IReadOnlyList<string> KnownAccounts { get; init; } = [];

    /// <summary>The key of a network's stream.</summary>
    public static string KeyOf(string network) => $"network {network}";

    /// <inheritdoc/>
    public static SourceStanding? Evolve(SourceStanding? state, object e) => e switch
    {
        SourceStopped s => (state ?? new() { Id = KeyOf(s.Network), Network = s.Network, Reference = s.Reference }) with
        {
            Reference = s.Reference,
            Until = s.Until,
            Since = s.At,
            Evidence = s.Evidence,
            KnownAccounts = s.KnownAccounts,
            Stops = state?.ReleasedAt > s.At.AddDays(-1) ? state.Stops + 1 : 1,
        },
        SourceReleased r => state! with { Until = null, ReleasedAt = r.At },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a network's standing"),
    };
}
