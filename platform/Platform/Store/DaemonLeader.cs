using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>Runs Marten's daemon, and with it projections and publisher, on the one instance of a service that leads.</summary>
public sealed partial class DaemonLeader(IDocumentStore store, IConfiguration configuration, ILogger<DaemonLeader> log)
    : Leader(configuration, "daemon-leader", LockKey, log)
{
    private const long LockKey = 0x6D61_7274_656E;
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private IProjectionDaemon? _built;

    /// <summary>The daemon while this instance leads, else null.</summary>
    public IProjectionDaemon? Daemon { get; private set; }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _built?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
    {
        var daemon = _built ??= await store.BuildProjectionDaemonAsync(); // once: each build opens a LISTEN connection
        LogLeading();
        var retries = new Dictionary<string, Retry>();
        try
        {
            Daemon = daemon;
            await daemon.StartAllAsync();
            while (true)
            {
                await WaitAsync(session, stop);
                foreach (var shard in ((IEventStore)store).RegisteredShardNames()) await ReviveAsync(daemon, shard.Identity, retries, stop);
            }
        }
        finally
        {
            Daemon = null;
            await daemon.StopAllAsync(); // before the session ends and releases the lock
        }
    }

    // Marten pauses a failed shard, and only its own coordinator, which does not run here, would restart it.
    private async Task ReviveAsync(IProjectionDaemon daemon, string shard, Dictionary<string, Retry> retries, CancellationToken stop)
    {
        if (daemon.StatusFor(shard) == AgentStatus.Running) return;
        var agent = daemon.CurrentAgents().FirstOrDefault(a => a.Name.Identity == shard);
        var last = retries.GetValueOrDefault(shard);
        var progressed = agent?.Position > last.Position;
        if (!progressed && DateTimeOffset.UtcNow < last.NotBefore) return;
        var failures = progressed ? 1 : last.Failures + 1;
        var pause = TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, failures - 1)));
        retries[shard] = new(failures, agent?.Position ?? last.Position, DateTimeOffset.UtcNow + pause);
        LogReviving(shard, failures, agent?.Failure?.Detail);
        await daemon.StartAgentAsync(shard, stop);
    }

    [LoggerMessage(1, LogLevel.Information, "This instance leads the projection daemon")]
    private partial void LogLeading();

    [LoggerMessage(3, LogLevel.Warning, "Restarting shard {Shard}, attempt {Attempt}: {Reason}")]
    private partial void LogReviving(string shard, int attempt, string? reason);

    private readonly record struct Retry(int Failures, long Position, DateTimeOffset NotBefore);
}
