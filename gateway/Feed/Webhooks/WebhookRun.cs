using System.Diagnostics;
using System.Diagnostics.Metrics;
using Hikyaku.Platform;

namespace Hikyaku.Feed.Webhooks;

/// <summary>
/// Delivers to one webhook, one event after the other, for as long as it exists. A slow receiver delays only its own events.
/// The webhook is read again for every page, and the events for every attempt: a change by an operator, or an erasure, counts
/// at once.
/// </summary>
public sealed partial class WebhookRun(Guid id, WebhookStore store, FeedTail tail, WebhookSender sender, RetryTimes times, TimeProvider time, ILogger logger) : IDisposable
{
    private const int PageSize = 100;
    private const long Unrecorded = 1000; // positions without an event for this webhook, after which its position is moved
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FreshPage = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly Counter<long> Deliveries = Telemetry.Meter.CreateCounter<long>("hikyaku.feed.webhook_deliveries", description: "Attempts to deliver to webhooks, by error");

    private readonly SemaphoreSlim _woken = new(0, 1);
    private (long Turn, long Position) _seen;

    /// <summary>Looks at once whether the webhook was changed.</summary>
    public void Wake()
    {
        if (_woken.CurrentCount == 0) _woken.Release();
    }

    /// <summary>Runs until the webhook is gone.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                if (await store.FindAsync(id, stop) is not { } hook) return;
                await GoOnAsync(hook, stop);
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogAway(e, id);
                await Task.Delay(Pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                return; // told to stop
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _woken.Dispose();

    private async Task GoOnAsync(Webhook hook, CancellationToken stop)
    {
        if (hook.Health.State == WebhookHealth.Paused)
        {
            await _woken.WaitAsync(Patience, stop);
            return;
        }

        if (hook.Health.NotBefore - time.GetUtcNow() is { } wait && wait > TimeSpan.Zero)
        {
            await _woken.WaitAsync(wait < Patience ? wait : Patience, stop);
            return;
        }

        var from = _seen.Turn == hook.Turn ? Math.Max(_seen.Position, hook.Position) : hook.Position;
        var page = await tail.ReadAsync(from, hook.Filter, PageSize, stop);
        if (page.Events.Count > 0)
        {
            await DeliverAsync(hook, page.Events, stop);
            return;
        }

        _seen = (hook.Turn, page.Through);
        if (page.Through - hook.Position >= Unrecorded) await store.MoveAsync(hook, page.Through, stop);
        if (page.Through == from) await WaitAsync(from, stop);
    }

    private async Task DeliverAsync(Webhook hook, IReadOnlyList<FeedEvent> events, CancellationToken stop)
    {
        var since = Stopwatch.GetTimestamp();
        foreach (var e in events)
        {
            if (Stopwatch.GetElapsedTime(since) > FreshPage) return;
            var attempt = await sender.SendAsync(hook, e.Id, e.Json, stop);
            Deliveries.Add(1, new KeyValuePair<string, object?>("error", attempt.Error ?? "none"));
            var now = time.GetUtcNow();
            var health = attempt.Error is null ? hook.Health.AfterSuccess(now) : hook.Health.AfterFailure(attempt, now, times, Random.Shared.NextDouble());
            if (!await store.RecordAsync(hook, e, attempt, health, stop)) return;
            if (health.State != hook.Health.State) LogState(id, health.State, health.Reason);
            if (attempt.Error is not null) return;
            hook = hook with { Position = e.Position, Health = health };
        }
    }

    private async Task WaitAsync(long position, CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(tail.WaitAsync(position, Patience, end.Token), _woken.WaitAsync(end.Token));
        await end.CancelAsync();
        stop.ThrowIfCancellationRequested();
    }

    [LoggerMessage(1, LogLevel.Warning, "The database does not answer; webhook {Id} waits for it")]
    private partial void LogAway(Exception exception, Guid id);

    [LoggerMessage(2, LogLevel.Information, "Webhook {Id} is now {State}: {Reason}")]
    private partial void LogState(Guid id, string state, string? reason);
}
