// These shapes are the storage format of the stream: they grow, they never change. Every released shape stays as a test fixture.

using System.Collections.Immutable;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Policy;

/// <summary>A policy is this from now on; numbers that are not in it are the platform's, or the defaults.</summary>
public sealed record RestrictionPolicyChanged(string? Domain, IReadOnlyDictionary<string, int> Values, IReadOnlyList<string> SharedFetchers, string Reason, DateTimeOffset At);

/// <summary>The thresholds of the platform, or of one domain. The stream's key is <see cref="KeyOf"/>.</summary>
public sealed record RestrictionPolicy : IState<RestrictionPolicy>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(RestrictionPolicyChanged)];

    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    /// <summary>The domain in A-labels; null: the platform.</summary>
    public string? Domain { get; init; }

    /// <summary>What is set, by the names of <see cref="PolicyNumbers"/>.</summary>
    public ImmutableSortedDictionary<string, int> Values { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>Networks that many people share; of the platform only.</summary>
    public ImmutableList<string> SharedFetchers { get; init; } = [];

    /// <summary>How often it was changed.</summary>
    public int Version { get; init; }

    /// <summary>The key of a policy's stream.</summary>
    public static string KeyOf(string? domain) => domain is null ? "policy" : $"policy {domain}";

    /// <inheritdoc/>
    public static RestrictionPolicy? Evolve(RestrictionPolicy? state, object e) => e switch
    {
        RestrictionPolicyChanged c => new()
        {
            Id = KeyOf(c.Domain),
            Domain = c.Domain,
            Values = c.Values.ToImmutableSortedDictionary(StringComparer.Ordinal),
            SharedFetchers = [.. c.SharedFetchers],
            Version = (state?.Version ?? 0) + 1,
        },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a policy"),
    };
}
