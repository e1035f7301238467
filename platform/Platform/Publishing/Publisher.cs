using System.Diagnostics;
using Hikyaku.Contracts;
using JasperFx.Events;
using JasperFx.Events.Daemon;
using JasperFx.Events.Projections;
using Marten;
using Marten.Subscriptions;
using MassTransit;

namespace Hikyaku.Platform;

/// <summary>What is published for one key on the node bus.</summary>
/// <param name="State">The state's contract.</param>
/// <param name="Cause">The newest event that it covers.</param>
public sealed record NodeStateChange(object State, IEvent Cause);

/// <summary>
/// The event store is the outbox: this Marten subscription reads new events in order and publishes them, at least once,
/// in stream order, with the event's id as message id; then the new node states, then a bookmark.
/// </summary>
/// <param name="service">The service's name in bookmarks.</param>
/// <param name="bus">The bus of domain events.</param>
/// <param name="nodes">The bus that only nodes may read.</param>
public abstract class Publisher(string service, IBus bus, INodeBus nodes) : SubscriptionBase
{
    private const int StreamsAtOnce = 32;

    /// <summary>How long a confirmation is waited for before the page is published again: one that is lost would be waited for without end.</summary>
    protected virtual TimeSpan Patience => TimeSpan.FromSeconds(30);

    /// <summary>The contract that tells others of an event; null for what is nobody else's business.</summary>
    /// <param name="e">The event.</param>
    /// <param name="state">What nodes are told of its stream; null when they are told nothing.</param>
    protected abstract object? ToContract(IEvent e, object? state);

    /// <summary>The present states of the keys that a page of events has changed.</summary>
    protected abstract Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop);

    /// <inheritdoc/>
    public override async Task<IChangeListener> ProcessEventsAsync(
        EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(page);
        try
        {
            // Marten leaves a tombstone where the transaction of an append broke off after it had its numbers.
            IReadOnlyList<IEvent> events = [.. page.Events.Where(e => e.Data is not Tombstone)];
            // Nodes first: what a change waits for is the node.
            var states = await NodeStatesAsync(events, (IQuerySession)operations, cancellationToken);
            await AtOnce(states, s => SendAsync(nodes, s.State, s.Cause, null, cancellationToken), cancellationToken);
            await nodes.Publish(new NodeStateBookmark(service, page.SequenceCeiling, page.SequenceFloor), cancellationToken).WaitAsync(Patience, cancellationToken);
            var stateOf = states.ToDictionary(s => s.Cause.StreamKey!, s => s.State);
            await AtOnce(events.GroupBy(e => e.StreamKey!), stream => PublishStreamAsync(stream, stateOf.GetValueOrDefault(stream.Key), cancellationToken), cancellationToken);
            return NullChangeListener.Instance;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Marten takes a cancellation for its own and drops the page.
            throw new PublishingFailedException("The broker cancelled a publish", e);
        }
        catch (TimeoutException e)
        {
            throw new PublishingFailedException("The broker did not confirm a publish", e);
        }
    }

    private async Task PublishStreamAsync(IEnumerable<IEvent> stream, object? state, CancellationToken stop)
    {
        foreach (var e in stream)
        {
            if (ToContract(e, state) is { } contract) await SendAsync(bus, contract, e, e.Id, stop);
        }
    }

    private async Task SendAsync(IPublishEndpoint to, object message, IEvent cause, Guid? messageId, CancellationToken stop)
    {
        var parent = cause.GetHeader(EventHeaders.TraceParent)?.ToString();
        using var activity = Telemetry.Source.StartActivity("publish", ActivityKind.Producer, parent);
        await to.Publish(message, message.GetType(), Pipe.Execute<PublishContext>(c => c.MessageId = messageId ?? NewId.NextGuid()), stop).WaitAsync(Patience, stop);
    }

    private static Task AtOnce<T>(IEnumerable<T> items, Func<T, Task> action, CancellationToken stop)
        => Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = StreamsAtOnce, CancellationToken = stop }, async (item, _) => await action(item));
}

/// <summary>Publishing failed and is to be tried again.</summary>
public sealed class PublishingFailedException : Exception
{
    /// <summary>Makes one.</summary>
    public PublishingFailedException() { }

    /// <summary>Makes one.</summary>
    public PublishingFailedException(string message) : base(message) { }

    /// <summary>Makes one.</summary>
    public PublishingFailedException(string message, Exception inner) : base(message, inner) { }
}
