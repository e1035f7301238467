using MassTransit;
using MassTransit.RabbitMqTransport;

namespace Hikyaku.MailNode;

/// <summary>
/// Keeps a bookmark from overtaking the states before it, although messages are handled at the same time: the broker numbers
/// the deliveries of a channel 1, 2, 3, …, and a bookmark waits until all with lower numbers are done.
/// </summary>
public sealed class Deliveries : IReceiveObserver
{
    private const int ChannelsKept = 8;

    private readonly Lock _gate = new();
    private readonly List<Numbers> _channels = [];

    /// <summary>Waits until everything is done that was delivered before this message.</summary>
    public Task EarlierAsync(ReceiveContext message)
    {
        ArgumentNullException.ThrowIfNull(message);
        return Of(message) is var (channel, number) ? EarlierAsync(channel, number) : Task.CompletedTask;
    }

    /// <summary>Waits until everything before <paramref name="number"/> is done.</summary>
    public Task EarlierAsync(object channel, ulong number)
    {
        lock (_gate) return Of(channel).Earlier(number);
    }

    /// <summary>A delivery was handled, whatever its end.</summary>
    public void Done(object channel, ulong number)
    {
        lock (_gate) Of(channel).Done(number);
    }

    /// <inheritdoc/>
    public Task PreReceive(ReceiveContext context) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task PostReceive(ReceiveContext context) => Done(context);

    /// <inheritdoc/>
    public Task ReceiveFault(ReceiveContext context, Exception exception) => Done(context);

    /// <inheritdoc/>
    public Task PostConsume<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType) where T : class => Task.CompletedTask;

    /// <inheritdoc/>
    public Task ConsumeFault<T>(ConsumeContext<T> context, TimeSpan duration, string consumerType, Exception exception) where T : class => Task.CompletedTask;

    private Task Done(ReceiveContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (Of(context) is var (channel, number)) Done(channel, number);
        return Task.CompletedTask;
    }

    // Not the consumer's tag: of the first messages it may be null still, which are delivered while the consumer is being told
    // its tag, and a bookmark with one would wait for them for ever.
    private static (object Channel, ulong Number)? Of(ReceiveContext message)
        => message.TryGetPayload<RabbitMqBasicConsumeContext>(out var delivery) ? (message.GetPayload<ChannelContext>().Channel, delivery.DeliveryTag) : null;

    // Messages of a channel that has gone may still be in hand when the next one begins.
    private Numbers Of(object channel)
    {
        if (_channels.Find(c => c.Channel.Equals(channel)) is { } known) return known;
        if (_channels.Count == ChannelsKept) _channels.RemoveAt(0);
        var numbers = new Numbers(channel);
        _channels.Add(numbers);
        return numbers;
    }

    private sealed class Numbers(object channel)
    {
        private readonly PriorityQueue<TaskCompletionSource, ulong> _waiting = new();
        private readonly HashSet<ulong> _ahead = [];
        private ulong _allUpTo;

        public object Channel => channel;

        public Task Earlier(ulong number)
        {
            if (_allUpTo + 1 >= number) return Task.CompletedTask;
            var waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(waiting, number);
            return waiting.Task;
        }

        public void Done(ulong number)
        {
            _ahead.Add(number);
            while (_ahead.Remove(_allUpTo + 1)) _allUpTo++;
            while (_waiting.TryPeek(out var first, out var at) && at <= _allUpTo + 1)
            {
                _waiting.Dequeue();
                first.SetResult();
            }
        }
    }
}
