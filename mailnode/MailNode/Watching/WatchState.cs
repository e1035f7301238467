using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>
/// Whether the watch is connected. Each time that it connects the node lists again: nobody knows what became of its queue
/// meanwhile. A message that could not be read or handled is a reason, too.
/// </summary>
public sealed class WatchState(PerService<Listing> listings, TimeProvider time) : IReceiveEndpointObserver, IReceiveObserver
{
    private long _disconnectedSince = time.GetUtcNow().UtcTicks;

    /// <summary>Since when it is not connected; null when it is.</summary>
    public DateTimeOffset? DisconnectedSince
        => Interlocked.Read(ref _disconnectedSince) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <inheritdoc/>
    public Task Ready(ReceiveEndpointReady ready)
    {
        // The queue is bound from here on: whatever the list does not tell, the watch will.
        Interlocked.Exchange(ref _disconnectedSince, 0);
        return Ask("the watch has connected");
    }

    /// <inheritdoc/>
    public Task Stopping(ReceiveEndpointStopping stopping) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task Completed(ReceiveEndpointCompleted completed) => Disconnected();

    /// <inheritdoc/>
    public Task Faulted(ReceiveEndpointFaulted faulted) => Disconnected();

    /// <inheritdoc/>
    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task PostReceive(ReceiveContext context) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) where T : class => Task.CompletedTask;

    /// <inheritdoc/>
    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) where T : class => Lost();

    /// <inheritdoc/>
    public Task ReceiveFault(ReceiveContext context, Exception exception) => Lost();

    // Nobody knows whose it was.
    private Task Lost() => Ask("a message of the watch could not be handled");

    private Task Ask(string reason)
    {
        foreach (var listing in listings.All) listing.Ask(reason);
        return Task.CompletedTask;
    }

    private Task Disconnected()
    {
        Interlocked.CompareExchange(ref _disconnectedSince, time.GetUtcNow().UtcTicks, 0);
        return Task.CompletedTask;
    }
}
