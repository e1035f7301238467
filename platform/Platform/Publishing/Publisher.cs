using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
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
/// <param name="Cause">The newest event that it covers. One event may be the cause of several states.</param>
public sealed record NodeStateChange(object State, IEvent Cause);

/// <summary>
/// The event store is the outbox: this Marten subscription reads new events in order and publishes, at least once and in the
/// order of each stream, first the states that nodes obey and a bookmark, then the contracts with the event's id as message id,
/// then notices. A service without node state has no node bus and sends no bookmarks.
/// </summary>
/// <param name="service">The service's name in bookmarks.</param>
/// <param name="bus">The bus of domain events.</param>
/// <param name="nodes">The bus that only nodes may read; null for a service without node state.</param>
public abstract class Publisher(string service, IBus bus, INodeBus? nodes = null) : SubscriptionBase
{
    private const int StreamsAtOnce = 32;

    /// <summary>How long a confirmation is waited for before the page is published again: one that is lost would be waited for without end.</summary>
    protected virtual TimeSpan Patience => TimeSpan.FromSeconds(30);

    /// <summary>The contracts that tell others of an event; none for what is nobody else's business.</summary>
    /// <param name="e">The event.</param>
    /// <param name="states">The states that nodes are told of its stream with this page; empty when they are told nothing.</param>
    protected abstract IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states);

    /// <summary>The present states of the keys that a page of events has changed, of any number of parts.</summary>
    protected virtual Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
        => Task.FromResult<IReadOnlyList<NodeStateChange>>([]);

    /// <summary>What people are told of a page of events on the message board.</summary>
    protected virtual Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
        => Task.FromResult<IReadOnlyList<NoticeRaised>>([]);

    /// <inheritdoc/>
    public override async Task<IChangeListener> ProcessEventsAsync(
        EventRange page, ISubscriptionController controller, IDocumentOperations operations, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(page);
        try
        {
            // Marten stores a tombstone if an append failed after it had reserved its numbers.
            IReadOnlyList<IEvent> events = [.. page.Events.Where(e => e.Data is not Tombstone)];
            // Nodes are told first, because a change is in force when the nodes obey it.
            var states = await NodeStatesAsync(events, (IQuerySession)operations, cancellationToken);
            await TellNodesAsync(states, page, cancellationToken);
            var statesOf = states.ToLookup(s => s.Cause.StreamKey!, s => s.State);
            await AtOnce(events.GroupBy(e => e.StreamKey!), stream => PublishStreamAsync(stream, [.. statesOf[stream.Key]], cancellationToken), cancellationToken);
            foreach (var notice in await NoticesAsync(events, cancellationToken))
                await bus.Publish(notice, Pipe.Execute<PublishContext>(c => c.MessageId = notice.NoticeId), cancellationToken).WaitAsync(Patience, cancellationToken);
            return NullChangeListener.Instance;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            // Marten would take an OperationCanceledException for its own and skip the page.
            throw new PublishingFailedException("The broker cancelled a publish", e);
        }
        catch (TimeoutException e)
        {
            throw new PublishingFailedException("The broker did not confirm a publish", e);
        }
    }

    private async Task TellNodesAsync(IReadOnlyList<NodeStateChange> states, EventRange page, CancellationToken stop)
    {
        if (nodes is null)
        {
            if (states.Count > 0) throw new InvalidOperationException($"{service} has states for nodes and no bus to tell them");
            return;
        }

        await AtOnce(states, s => SendAsync(nodes, s.State, s.Cause, NewId.NextGuid(), stop), stop);
        await nodes.Publish(new NodeStateBookmark(service, page.SequenceCeiling, page.SequenceFloor), stop).WaitAsync(Patience, stop);
    }

    private async Task PublishStreamAsync(IEnumerable<IEvent> stream, IReadOnlyList<object> states, CancellationToken stop)
    {
        foreach (var e in stream)
        {
            var number = 0;
            foreach (var contract in ToContracts(e, states)) await SendAsync(bus, contract, e, MessageIdOf(e.Id, number++), stop);
        }
    }

    // The first contract of an event has the event's id. Further contracts have ids derived from it, so that repetitions have the same.
    private static Guid MessageIdOf(Guid eventId, int number)
    {
        if (number == 0) return eventId;
        Span<byte> seed = stackalloc byte[20];
        eventId.TryWriteBytes(seed);
        BinaryPrimitives.WriteInt32BigEndian(seed[16..], number);
        return new Guid(SHA256.HashData(seed).AsSpan(0, 16));
    }

    private async Task SendAsync(IPublishEndpoint to, object message, IEvent cause, Guid messageId, CancellationToken stop)
    {
        var parent = cause.GetHeader(EventHeaders.TraceParent)?.ToString();
        using var activity = Telemetry.Source.StartActivity("publish", ActivityKind.Producer, parent);
        await to.Publish(message, message.GetType(), Pipe.Execute<PublishContext>(c => c.MessageId = messageId), stop).WaitAsync(Patience, stop);
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
