using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Webhooks;

/// <summary>
/// Delivers to all webhooks, on the one process of the feed that leads: when its session breaks, it stops and another
/// process continues.
/// </summary>
public sealed partial class WebhookDispatcher(
    IConfiguration configuration, WebhookStore store, FeedTail tail, WebhookSender sender, TimeProvider time, ILogger<WebhookDispatcher> logger)
    : Leader(configuration, "webhook-dispatcher", LockKey, logger)
{
    private const long LockKey = 0x7765_6268_6F6F_6B;
    private static readonly TimeSpan BetweenPrunings = TimeSpan.FromMinutes(10);

    private readonly RetryTimes _times = RetryTimes.From(configuration);

    /// <inheritdoc/>
    protected override async Task LeadAsync(NpgsqlConnection session, CancellationToken stop)
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
                if (await WaitAsync(session, stop))
                {
                    foreach (var (run, _) in runs.Values) run.Wake();
                }

                if (time.GetUtcNow() - pruned < BetweenPrunings) continue;
                pruned = time.GetUtcNow();
                await store.PruneAsync(pruned, stop);
            }
        }
        finally
        {
            await end.CancelAsync(); // before the session ends and releases the lock
            await Task.WhenAll(runs.Values.Select(r => r.Task)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            foreach (var (run, _) in runs.Values) run.Dispose();
        }
    }

    private async Task StartAsync(Dictionary<Guid, (WebhookRun Run, Task Task)> runs, CancellationToken stop)
    {
        foreach (var (id, ended) in runs.Where(r => r.Value.Task.IsCompleted).ToList())
        {
            if (ended.Task.Exception is { } fault) LogFault(fault, id); // it is started again below
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

    [LoggerMessage(4, LogLevel.Error, "Delivering to webhook {Id} failed; it is started again")]
    private partial void LogFault(Exception exception, Guid id);
}
