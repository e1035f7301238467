using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// Runs Marten's daemon, and with it projections and publisher, on the one instance of a service whose session holds an
/// advisory lock. The session is on a connection of its own and never in a transaction, so that it does not hold back
/// PostgreSQL's vacuum; when it breaks, the lock is free and this instance stops leading. See docs/decisions/0007.
/// </summary>
public sealed partial class DaemonLeader(IDocumentStore store, IConfiguration configuration, ILogger<DaemonLeader> log) : BackgroundService
{
    private const long LockKey = 0x6D61_7274_656E;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);

    private readonly string _session = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("Postgres"))
    {
        Pooling = false,
        KeepAlive = 5,
        Timeout = 3,
        CommandTimeout = 3,
        ApplicationName = "daemon-leader",
        Options = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3", // a dead host frees the lock
    }.ConnectionString;

    /// <summary>The daemon while this instance leads, else null.</summary>
    public IProjectionDaemon? Daemon { get; private set; }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IProjectionDaemon? daemon = null;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var session = new NpgsqlConnection(_session);
                await session.OpenAsync(stoppingToken);
                while (!await TryLockAsync(session, stoppingToken)) await Task.Delay(Tick, stoppingToken);
                daemon ??= await store.BuildProjectionDaemonAsync(); // once: each build opens a LISTEN connection
                await LeadAsync(session, daemon, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break; // told to stop
            }
            catch (Exception e)
            {
                LogNotLeading(e);
            }

            await Task.Delay(Tick, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        daemon?.Dispose();
    }

    private async Task LeadAsync(NpgsqlConnection session, IProjectionDaemon daemon, CancellationToken stop)
    {
        LogLeading();
        var retries = new Dictionary<string, Retry>();
        try
        {
            Daemon = daemon;
            await daemon.StartAllAsync();
            while (true)
            {
                await session.WaitAsync(Tick, stop); // throws as soon as the session breaks
                await using (var alive = new NpgsqlCommand("select 1", session)) await alive.ExecuteScalarAsync(stop);
                foreach (var shard in ((IEventStore)store).RegisteredShardNames()) await ReviveAsync(daemon, shard.Identity, retries, stop);
            }
        }
        finally
        {
            Daemon = null;
            await daemon.StopAllAsync(); // before the session, and with it the lock, is let go
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

    private static async Task<bool> TryLockAsync(NpgsqlConnection session, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand($"select pg_try_advisory_lock({LockKey})", session);
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    [LoggerMessage(1, LogLevel.Information, "Leading the projection daemon")]
    private partial void LogLeading();

    [LoggerMessage(2, LogLevel.Warning, "Not leading the projection daemon; will retry")]
    private partial void LogNotLeading(Exception e);

    [LoggerMessage(3, LogLevel.Warning, "Restarting shard {Shard}, attempt {Attempt}: {Reason}")]
    private partial void LogReviving(string shard, int attempt, string? reason);

    private readonly record struct Retry(int Failures, long Position, DateTimeOffset NotBefore);
}
