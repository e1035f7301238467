using Hikyaku.Contracts;
using Marten;

namespace Hikyaku.Platform;

/// <summary>
/// The leases that mail nodes hold at this service, and what follows from them: which nodes count, and whether they obey
/// everything up to a position (NOD-5). Each service that owns a part of the nodes' replica keeps its own.
/// </summary>
/// <param name="service">The service's name in <see cref="NodeLease.Applied"/>.</param>
/// <param name="store">Where they are.</param>
/// <param name="time">The clock.</param>
/// <param name="registry">What is known of nodes beside.</param>
public sealed class NodeLeases(string service, IDocumentStore store, TimeProvider time, INodeRegistry registry)
{
    /// <summary>
    /// Whether everything up to a position is in force on every node that counts, for every account, and there is such a node: what
    /// no node obeys is in force nowhere.
    /// </summary>
    public Task<bool> HaveAllAppliedAsync(long position, CancellationToken stop)
        => IsInForceAsync(position, l => l.Pending.Values.All(p => p >= position), stop);

    /// <summary>The same for one account: sessions of others that cannot be ended do not hold it back.</summary>
    public Task<bool> IsInForceAsync(string accountId, long position, CancellationToken stop)
        => IsInForceAsync(position, l => l.Pending.GetValueOrDefault(accountId, position) >= position, stop);

    /// <summary>The names of the nodes that count: complete or complete before, not retired, and their lease runs.</summary>
    public async Task<IReadOnlyList<string>> CountingAsync(CancellationToken stop) => (await CountingLeasesAsync(stop)).ConvertAll(l => l.Id);

    /// <summary>Renews a node's lease by what it reports.</summary>
    /// <returns>Accepted, or why it gets none.</returns>
    public async Task<Decision> RenewAsync(string node, LeaseReport report, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(report);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var decision = await registry.ReportedAsync(session, node, report, time.GetUtcNow(), stop);
        if (!decision.Accepted) return decision;
        if (report.Retired) session.Delete<NodeLease>(node);
        else session.Store(Renewed(node, report, await session.LoadAsync<NodeLease>(node, stop)));
        await session.SaveChangesAsync(stop);
        return decision;
    }

    private async Task<bool> IsInForceAsync(long position, Predicate<NodeLease> isNothingPending, CancellationToken stop)
    {
        var counting = await CountingLeasesAsync(stop);
        return counting.Count > 0 && counting.TrueForAll(l => l.Listed && l.Applied.GetValueOrDefault(service) >= position && isNothingPending(l));
    }

    private NodeLease Renewed(string node, LeaseReport report, NodeLease? former)
    {
        var now = time.GetUtcNow();
        return new()
        {
            Id = node,
            Until = now + NodeLease.Length,
            Applied = report.Applied ?? new Dictionary<string, long>(),
            Pending = report.Pending ?? new Dictionary<string, long>(),
            Servers = report.Servers ?? new Dictionary<string, string>(),
            Listed = report.Listed,
            Rebuilding = !report.Listed && former is not null && former.Until > now && (former.Listed || former.Rebuilding),
            LastDigestCheck = report.LastDigestCheck,
            Repaired = report.Repaired,
            Definitions = report.Definitions,
        };
    }

    private async Task<List<NodeLease>> CountingLeasesAsync(CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var now = time.GetUtcNow();
        return [.. (await session.QueryAsync<NodeLease>($"where {registry.NotRetired}", stop)).Where(l => l.Until > now && (l.Listed || l.Rebuilding))];
    }
}
