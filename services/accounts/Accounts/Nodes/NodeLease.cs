using Hikyaku.Contracts;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Nodes;

/// <summary>
/// A mail node's membership: it counts while its lease runs and its replica is complete, or was: while it makes another one its
/// servers go on with what the former said.
/// </summary>
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

    /// <summary>Whether the replica has been listed completely.</summary>
    public bool Listed { get; init; }

    /// <summary>Whether it was once since the lease began to run, and is not: what was changed since is not in force there.</summary>
    public bool Rebuilding { get; init; }

    /// <summary>When the node has compared its replica with this service; null when not since its agent runs.</summary>
    public DateTimeOffset? LastDigestCheck { get; init; }

    /// <summary>How many rows of it were not right and were repaired, since its agent runs.</summary>
    public long Repaired { get; init; }
}

/// <summary>The leases of all nodes.</summary>
public sealed class NodeLeases(IDocumentStore store, TimeProvider time)
{
    /// <summary>This service's name in <see cref="NodeLease.Applied"/>.</summary>
    public const string Service = "accounts";

    // A retired node's last lease may still run.
    private const string NotRetired =
        "where not exists (select 1 from mt_doc_registered_node n where n.id = 'node:' || d.id and (n.data ->> 'Retired')::boolean)";

    /// <summary>
    /// Whether everything up to a position is in force on every node that counts, for every account, and there is such a node: what
    /// no node obeys is in force nowhere.
    /// </summary>
    public Task<bool> HaveAllAppliedAsync(long position, CancellationToken stop)
        => IsInForceAsync(position, l => l.Pending.Values.All(p => p >= position), stop);

    /// <summary>The same for one account: sessions of others that cannot be ended do not hold it back.</summary>
    public Task<bool> IsInForceAsync(string accountId, long position, CancellationToken stop)
        => IsInForceAsync(position, l => l.Pending.GetValueOrDefault(accountId, position) >= position, stop);

    private async Task<bool> IsInForceAsync(long position, Predicate<NodeLease> isNothingPending, CancellationToken stop)
    {
        var counting = await CountingLeasesAsync(stop);
        return counting.Count > 0 && counting.TrueForAll(l => l.Listed && l.Applied.GetValueOrDefault(Service) >= position && isNothingPending(l));
    }

    /// <summary>The names of the nodes that count: complete or complete before, not retired, and their lease runs.</summary>
    public async Task<IReadOnlyList<string>> CountingAsync(CancellationToken stop) => (await CountingLeasesAsync(stop)).ConvertAll(l => l.Id);

    private async Task<List<NodeLease>> CountingLeasesAsync(CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var now = time.GetUtcNow();
        return [.. (await session.QueryAsync<NodeLease>(NotRetired, stop)).Where(l => l.Until > now && (l.Listed || l.Rebuilding))];
    }

    /// <summary><c>PUT /internal/nodes/{node}</c> → 200; 409 when the node is retired.</summary>
    public static async Task<IResult> Renew(string node, LeaseReport body, HttpContext http, NodeCredentials credentials, IDocumentStore store, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        if (credentials.NodeOf(http.Request) != node) return Problems.Of(PlatformProblems.Unauthenticated);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var registration = await RegisterMailNode.HandleAsync(session, new(node, NodeAddress.Read(body), time.GetUtcNow()), stop);
        if (!registration.Accepted) return Problems.Of(registration.Rejections);
        var (now, former) = (time.GetUtcNow(), await session.LoadAsync<NodeLease>(node, stop));
        session.Store(new NodeLease
        {
            Id = node,
            Until = now + NodeLease.Length,
            Applied = body.Applied ?? new Dictionary<string, long>(),
            Pending = body.Pending ?? new Dictionary<string, long>(),
            Servers = body.Servers ?? new Dictionary<string, string>(),
            Listed = body.Listed,
            Rebuilding = !body.Listed && former is not null && former.Until > now && (former.Listed || former.Rebuilding),
            LastDigestCheck = body.LastDigestCheck,
            Repaired = body.Repaired,
        });
        await session.SaveChangesAsync(stop);
        await using var newest = database.CreateCommand("select coalesce(max(seq_id), 0) from mt_events");
        return Results.Ok(new LeaseAnswer((long)(await newest.ExecuteScalarAsync(stop))!, time.GetUtcNow()));
    }
}
