using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Webhooks;

/// <summary>
/// Delivers to all webhooks, on the one process of the feed whose session holds an advisory lock, as
/// <see cref="DaemonLeader"/> does: when the session breaks, this process stops and another one goes on.
/// </summary>
public sealed partial class WebhookDispatcher(
    IConfiguration configuration, WebhookStore store, FeedTail tail, WebhookSender sender, TimeProvider time, ILogger<WebhookDispatcher> logger) : BackgroundService
{
    private const long LockKey = 0x7765_6268_6F6F_6B;
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BetweenPrunings = TimeSpan.FromMinutes(10);

    private readonly RetryTimes _times = RetryTimes.From(configuration);
    private readonly string _session = new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("Postgres"))
    {
        Pooling = false,
        KeepAlive = 5,
        Timeout = 3,
        CommandTimeout = 3,
        ApplicationName = "webhook-dispatcher",
        Options = "-c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3", // a dead host frees the lock
    }.ConnectionString;

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
                LogNotLeading(e);
            }

            await Task.Delay(Tick, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
    {
        var runs = new Dictionary<Guid, (WebhookRun Run, Task Task)>();
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var pruned = DateTimeOffset.MinValue;
        try
        {
            await using (var listen = new NpgsqlCommand($"listen {WebhookStore.Channel}", session)) await listen.ExecuteNonQueryAsync(stop);
            while (true)
            {
                await StartAsync(runs, end.Token);
                if (await session.WaitAsync(Tick, stop)) // throws as soon as the session breaks
                {
                    foreach (var (run, _) in runs.Values) run.Wake();
                }

                await using (var alive = new NpgsqlCommand("select 1", session)) await alive.ExecuteScalarAsync(stop);
                if (time.GetUtcNow() - pruned < BetweenPrunings) continue;
                pruned = time.GetUtcNow();
                await store.PruneAsync(pruned, stop);
            }
        }
        finally
        {
            await end.CancelAsync(); // before the session, and with it the lock, is let go
            await Task.WhenAll(runs.Values.Select(r => r.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var (run, _) in runs.Values) run.Dispose();
        }
    }

    private async Task StartAsync(Dictionary<Guid, (WebhookRun Run, Task Task)> runs, CancellationToken stop)
    {
        foreach (var (id, ended) in runs.Where(r => r.Value.Task.IsCompleted).ToList())
        {
            if (ended.Task.Exception is { } fault) LogFault(fault, id); // begins again below
            ended.Run.Dispose();
            runs.Remove(id);
        }

        foreach (var hook in await store.ListAsync(Guid.Empty, RegisterWebhook.Max, stop))
        {
            if (runs.ContainsKey(hook.Id)) continue;
            var run = new WebhookRun(hook.Id, store, tail, sender, _times, time, logger);
            runs[hook.Id] = (run, Task.Run(() => run.RunAsync(stop), CancellationToken.None));
        }
    }

    private static async Task<bool> TryLockAsync(NpgsqlConnection session, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand($"select pg_try_advisory_lock({LockKey})", session);
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    [LoggerMessage(3, LogLevel.Warning, "Not delivering to webhooks; will retry")]
    private partial void LogNotLeading(Exception exception);

    [LoggerMessage(4, LogLevel.Error, "Delivering to webhook {Id} failed; begins again")]
    private partial void LogFault(Exception exception, Guid id);
}
