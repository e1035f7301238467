using JasperFx;
using JasperFx.Events;
using Marten;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hikyaku.Platform;

/// <summary>
/// Healthy while every shard on the leader runs and no event waits longer than <see cref="MaxWait"/>. The wait also shows
/// a publisher that hangs on a broker that is down, which looks healthy to Marten. The check is right on followers, too.
/// </summary>
public sealed class DaemonHealth(DaemonLeader leader, IDocumentStore store, TimeProvider time) : IHealthCheck
{
    /// <summary>How long an event may wait for a projection or the publisher.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var progress = await store.Advanced.AllProjectionProgress(token: cancellationToken);
        var agents = leader.Daemon?.CurrentAgents().ToDictionary(a => a.Name.Identity);
        var data = new Dictionary<string, object> { ["leader"] = agents is not null };
        var faults = new List<string>();
        await using var session = store.QuerySession();
        foreach (var name in ((IEventStore)store).RegisteredShardNames().Select(n => n.Identity))
        {
            var position = progress.FirstOrDefault(p => p.ShardName == name)?.Sequence ?? 0;
            var wait = await OldestWaitAsync(session, position, cancellationToken);
            data[name] = $"position {position}, wait {wait.TotalSeconds:0.0} s";
            if (agents is not null && agents.GetValueOrDefault(name) is var agent && agent?.Status != AgentStatus.Running)
                faults.Add($"{name} does not run: {agent?.Failure?.ExceptionType}");
            else if (wait > MaxWait)
                faults.Add($"{name}: oldest event waits {wait.TotalSeconds:0} s");
        }

        return faults.Count == 0 ? HealthCheckResult.Healthy(null, data) : HealthCheckResult.Unhealthy(string.Join("; ", faults), null, data);
    }

    private async Task<TimeSpan> OldestWaitAsync(IQuerySession session, long position, CancellationToken stop)
    {
        // Only the timestamp is read: an event that cannot be read must not break the check that should report it.
        var oldest = await session.Events.QueryAllRawEvents().Where(e => e.Sequence > position)
            .OrderBy(e => e.Sequence).Select(e => e.Timestamp).Take(1).ToListAsync(stop);
        return oldest is [var since] ? time.GetUtcNow() - since : TimeSpan.Zero;
    }
}
