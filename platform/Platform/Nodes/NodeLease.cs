using Marten.Schema;

namespace Hikyaku.Platform;

/// <summary>
/// A mail node's membership: it counts while its lease runs and its replica is complete, or was: while it makes another one its
/// servers go on with what the former said.
/// </summary>
[DocumentAlias("node_lease")]
public sealed record NodeLease
{
    /// <summary>How long a lease runs without being renewed.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(10);

    /// <summary>The node.</summary>
    public required string Id { get; init; }

    /// <summary>When the lease ends.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>Up to which position of each service the node has applied everything.</summary>
    public required IReadOnlyDictionary<string, long> Applied { get; init; }

    /// <summary>The accounts for which less is in force, and up to which position.</summary>
    public IReadOnlyDictionary<string, long> Pending { get; init; } = new Dictionary<string, long>();

    /// <summary>Versions of the node's servers.</summary>
    public IReadOnlyDictionary<string, string> Servers { get; init; } = new Dictionary<string, string>();

    /// <summary>When what the node fetches for its spam filter and virus scanner came, by name; null: it fetches nothing.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset>? Definitions { get; init; }

    /// <summary>Whether the replica has been listed completely.</summary>
    public bool Listed { get; init; }

    /// <summary>Whether it was once since the lease began to run, and is not: what was changed since is not in force there.</summary>
    public bool Rebuilding { get; init; }

    /// <summary>When the node has compared its replica with this service; null when not since its agent runs.</summary>
    public DateTimeOffset? LastDigestCheck { get; init; }

    /// <summary>How many rows of it were not right and were repaired, since its agent runs.</summary>
    public long Repaired { get; init; }
}
