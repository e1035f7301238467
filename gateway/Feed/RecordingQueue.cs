using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Hikyaku.Platform;

namespace Hikyaku.Feed;

/// <summary>
/// Collects the events of all consumers and appends them together, in the broker's order: while one transaction commits,
/// the next batch gathers, so thousands of events a second need few commits and a single event does not wait. A consumer
/// acknowledges its message only when its event is recorded. When the database does not answer, the queue waits without
/// a limit: a published event is never set aside.
/// </summary>
public sealed partial class RecordingQueue(FeedLog log, TimeProvider time, ILogger<RecordingQueue> logger) : BackgroundService
{
    /// <summary>How many messages the broker hands out at once, and so the largest batch.</summary>
    public const int MaxBatch = 500;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan GapPatience = TimeSpan.FromMilliseconds(100);
    private static readonly Counter<long> Recorded = Telemetry.Meter.CreateCounter<long>("hikyaku.feed.recorded", description: "Events that were recorded, duplicates included");

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(MaxBatch);
    private readonly DeliveryOrder<Waiting> _order = new();
    private long _batchSince;

    /// <summary>How long the oldest event in hand has been waiting for the database.</summary>
    public TimeSpan OldestWait => Interlocked.Read(ref _batchSince) is var since and not 0 ? time.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>Answers when an event is recorded.</summary>
    /// <param name="e">The event.</param>
    /// <param name="channel">The channel that it was delivered on.</param>
    /// <param name="number">Its number on that channel.</param>
    /// <param name="stop">Ends the wait.</param>
    public async Task RecordAsync(NewEvent e, object channel, ulong number, CancellationToken stop)
    {
        var waiting = new Waiting(e, channel, number, new(TaskCreationOptions.RunContinuationsAsynchronously));
        await _waiting.Writer.WriteAsync(waiting, stop);
        await waiting.Done.Task.WaitAsync(stop);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        IReadOnlyList<Waiting> batch = [];
        try
        {
            while (true)
            {
                if (!await HasMoreAsync(stoppingToken)) _order.GiveUpGap();
                while (_waiting.Reader.TryRead(out var waiting)) _order.Add(waiting.Channel, waiting.Number, waiting);
                batch = _order.Take();
                if (batch.Count == 0) continue;
                Interlocked.Exchange(ref _batchSince, time.GetTimestamp());
                await AppendAsync(batch, stoppingToken);
                Interlocked.Exchange(ref _batchSince, 0);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // the program stops
        }
        finally
        {
            // These are not acknowledged, so the broker delivers them again; messages behind a gap are given up when the bus stops.
            _waiting.Writer.TryComplete();
            while (_waiting.Reader.TryRead(out var waiting)) waiting.Done.TrySetCanceled(stoppingToken);
            foreach (var waiting in batch) waiting.Done.TrySetCanceled(stoppingToken);
        }
    }

    // False when the message that is missing in a gap does not come.
    private async Task<bool> HasMoreAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        if (_order.HasGap) limit.CancelAfter(GapPatience);
        try
        {
            return await _waiting.Reader.WaitToReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task AppendAsync(IReadOnlyList<Waiting> batch, CancellationToken stop)
    {
        try
        {
            await AppendWhenThereAsync([.. batch.Select(w => w.Event)], stop);
            foreach (var waiting in batch) waiting.Done.TrySetResult();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // An event that cannot be recorded must not block the others; its consumer reports the failure to the broker.
            if (batch is [var one])
            {
                one.Done.TrySetException(e);
                return;
            }

            foreach (var waiting in batch) await AppendAsync([waiting], stop);
        }
    }

    private async Task AppendWhenThereAsync(IReadOnlyList<NewEvent> events, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                await log.AppendAsync(events, stop);
                Recorded.Add(events.Count);
                return;
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogAway(e, events.Count);
                await Task.Delay(Pause, time, stop);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "{Count} events wait for the database")]
    private partial void LogAway(Exception exception, int count);

    private sealed record Waiting(NewEvent Event, object Channel, ulong Number, TaskCompletionSource Done);
}
