using System.Text.Json;

namespace Hikyaku.MailNode;

/// <summary>
/// The watch of list-and-watch: reads the node's queue in the broker's order, and acknowledges what is on the disk. Each time that
/// it connects the node lists again: nobody knows what became of the queue meanwhile. A message that cannot be read is a reason, too.
/// </summary>
public sealed partial class Watch(
    NodeSettings settings, IConfiguration configuration, Parts parts, Applier applier, PerService<Listing> listings, TimeProvider time, ILogger<Watch> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Uri _broker = new(configuration["Hikyaku:RabbitNodes"] ?? throw new InvalidOperationException("Hikyaku:RabbitNodes is not set"));
    private readonly IReadOnlyDictionary<string, Type> _contracts = WatchMessage.Contracts(parts);
    private long _disconnectedSince = time.GetUtcNow().UtcTicks;

    /// <summary>Since when it is not connected; null when it is.</summary>
    public DateTimeOffset? DisconnectedSince
        => Interlocked.Read(ref _disconnectedSince) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await using var queue = await WatchQueue.OpenAsync(settings, _broker, _contracts.Keys, stoppingToken);
                // The queue is bound from here on, so a change that the list misses arrives by the watch.
                if (Interlocked.Exchange(ref _disconnectedSince, 0) != 0) LogConnected();
                Ask("the watch has connected");
                await ReadAsync(queue, stoppingToken);
            }
            catch (Exception e) when (WatchQueue.IsBrokers(e) || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
            {
                if (DisconnectedSince is null) LogDisconnected(e.Message);
            }

            Interlocked.CompareExchange(ref _disconnectedSince, time.GetUtcNow().UtcTicks, 0);
            await Task.Delay(Pause, stoppingToken);
        }
    }

    private async Task ReadAsync(WatchQueue queue, CancellationToken stop)
    {
        while (await queue.TakeAsync(stop) is { Count: > 0 } deliveries)
        {
            await applier.ApplyAsync([.. deliveries.SelectMany(Read)], stop);
            await queue.AcknowledgeAsync(deliveries[^1].Number, stop);
        }
    }

    private IEnumerable<WatchMessage> Read(Delivery delivery)
    {
        try
        {
            return [WatchMessage.Read(delivery.Body, _contracts)];
        }
        catch (JsonException e)
        {
            LogNotRead(e.Message); // tried again it would be the same; everything behind it would wait
            Ask("a message of the watch could not be read");
            return [];
        }
    }

    // Asks all services for a list, because the missed message may be any service's.
    private void Ask(string reason)
    {
        foreach (var listing in listings.All) listing.Ask(reason);
    }

    [LoggerMessage(1, LogLevel.Information, "The watch is connected")]
    private partial void LogConnected();

    [LoggerMessage(2, LogLevel.Warning, "The watch is not connected: {Reason}")]
    private partial void LogDisconnected(string reason);

    [LoggerMessage(3, LogLevel.Error, "A message of the watch cannot be read and is passed over: {Reason}")]
    private partial void LogNotRead(string reason);
}
