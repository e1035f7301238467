using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// Work that runs on one instance of a program at a time: on the instance whose session holds an advisory lock. The session is
/// on a connection of its own and never in a transaction, so that it does not hold back PostgreSQL's vacuum; when it breaks,
/// the lock is free and this instance stops leading. See docs/decisions/0007.
/// </summary>
/// <param name="configuration">Has the connection string <c>Postgres</c>.</param>
/// <param name="name">What PostgreSQL shows of the session.</param>
/// <param name="lockKey">The lock, in the program's own database.</param>
/// <param name="log">Where this instance logs that it does not lead.</param>
public abstract partial class Leader(IConfiguration configuration, string name, long lockKey, ILogger log) : BackgroundService
{
    /// <summary>How often this instance tries to get the lock, and checks that its session still lives.</summary>
    protected static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly string _session = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("Postgres"))
    {
        Pooling = false,
        KeepAlive = 5,
        Timeout = 3,
        CommandTimeout = 3,
        ApplicationName = name,
        Options = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3", // a dead host frees the lock
    }.ConnectionString;

    /// <summary>Leads until the session breaks, which it finds by <see cref="WaitAsync"/>; ends what it began before it returns.</summary>
    protected abstract Task LeadAsync(NpgsqlConnection session, CancellationToken stop);

    /// <summary>Waits for a notification, no longer than <see cref="Tick"/>; throws when the session is broken.</summary>
    /// <returns>Whether there was one.</returns>
    protected static async Task<bool> WaitAsync(NpgsqlConnection session, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        var notified = await session.WaitAsync(Tick, stop);
        await using var alive = new NpgsqlCommand("select 1", session);
        await alive.ExecuteScalarAsync(stop);
        return notified;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var session = new NpgsqlConnection(_session);
                await session.OpenAsync(stoppingToken);
                while (!await TryLockAsync(session, stoppingToken)) await Task.Delay(Tick, stoppingToken);
                await LeadAsync(session, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break; // told to stop
            }
            catch (Exception e)
            {
                LogNotLeading(log, name, e);
            }

            await Task.Delay(Tick, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<bool> TryLockAsync(NpgsqlConnection session, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select pg_try_advisory_lock($1)", session) { Parameters = { new() { Value = lockKey } } };
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    [LoggerMessage(1, LogLevel.Warning, "This instance does not lead as {Name}; it will retry")]
    private static partial void LogNotLeading(ILogger log, string name, Exception e);
}
