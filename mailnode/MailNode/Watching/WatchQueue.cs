using System.Net.Sockets;
using System.Threading.Channels;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Hikyaku.MailNode;

/// <summary>A message as the broker has delivered it.</summary>
/// <param name="Number">The broker's number for it on this connection: 1, 2, 3, …</param>
/// <param name="Body">What MassTransit has written (https://masstransit.io/documentation/concepts/messages#message-envelope).</param>
public readonly record struct Delivery(ulong Number, byte[] Body);

/// <summary>
/// The node's queue on the node bus, open for reading: messages come one after the other in the broker's order. The queue
/// outlives the agent for a week and drops its oldest messages when it is full, so that a dead node never fills the broker; what
/// is missing then shows in the bookmarks. Names and bindings are MassTransit's, whose publishers write to it.
/// </summary>
public sealed class WatchQueue : IAsyncDisposable
{
    private const ushort AtOnce = 256;
    private static readonly TimeSpan QueueLife = TimeSpan.FromDays(7);

    private readonly Channel<Delivery> _deliveries = Channel.CreateBounded<Delivery>(AtOnce);
    private readonly IConnection _connection;
    private readonly IChannel _channel;

    private WatchQueue(IConnection connection, IChannel channel) => (_connection, _channel) = (connection, channel);

    /// <summary>Whether an error is the broker's: it is away, or has closed the connection or the queue.</summary>
    public static bool IsBrokers(Exception e) => e is RabbitMQClientException or IOException or TimeoutException or SocketException;

    /// <summary>Makes the queue if it is not there, and begins to read.</summary>
    /// <param name="settings">Whose queue it is, and how long.</param>
    /// <param name="broker">The node bus, an amqp URI.</param>
    /// <param name="contracts">The names of what is to come, which are those of the exchanges.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<WatchQueue> OpenAsync(NodeSettings settings, Uri broker, IEnumerable<string> contracts, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(settings);
        var factory = new ConnectionFactory { Uri = broker, RequestedHeartbeat = TimeSpan.FromSeconds(10), AutomaticRecoveryEnabled = false, ConsumerDispatchConcurrency = 1 };
        var connection = await factory.CreateConnectionAsync(stop);
        try
        {
            var queue = new WatchQueue(connection, await connection.CreateChannelAsync(cancellationToken: stop));
            await queue.BeginAsync($"node-{settings.Node}", settings.QueueLength, contracts, stop);
            return queue;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for messages, and takes what is there; empty when the broker has ended the reading.</summary>
    public async Task<IReadOnlyList<Delivery>> TakeAsync(CancellationToken stop)
    {
        var taken = new List<Delivery>(AtOnce);
        if (!await _deliveries.Reader.WaitToReadAsync(stop)) return taken;
        while (taken.Count < AtOnce && _deliveries.Reader.TryRead(out var one)) taken.Add(one);
        return taken;
    }

    /// <summary>Says that a message and all before it are done.</summary>
    public ValueTask AcknowledgeAsync(ulong number, CancellationToken stop) => _channel.BasicAckAsync(number, multiple: true, stop);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _channel.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task BeginAsync(string name, int length, IEnumerable<string> contracts, CancellationToken stop)
    {
        await _channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, cancellationToken: stop);
        await _channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-max-length"] = length,
            ["x-overflow"] = "drop-head",
            ["x-expires"] = (long)QueueLife.TotalMilliseconds,
        }, cancellationToken: stop);
        await _channel.QueueBindAsync(name, name, "", cancellationToken: stop);
        foreach (var exchange in contracts)
        {
            await _channel.ExchangeDeclareAsync(exchange, ExchangeType.Fanout, durable: true, cancellationToken: stop);
            await _channel.ExchangeBindAsync(name, exchange, "", cancellationToken: stop);
        }

        await _channel.BasicQosAsync(0, AtOnce, global: false, stop);
        await _channel.BasicConsumeAsync(name, autoAck: false, new Consumer(_channel, _deliveries.Writer), stop);
    }

    private sealed class Consumer(IChannel channel, ChannelWriter<Delivery> deliveries) : AsyncDefaultBasicConsumer(channel)
    {
        // The client reuses the body's memory when this method returns.
        public override async Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body,
            CancellationToken cancellationToken = default)
            => await deliveries.WriteAsync(new(deliveryTag, body.ToArray()), cancellationToken);

        public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default) => EndAsync();

        public override Task HandleChannelShutdownAsync(object channel, ShutdownEventArgs reason) => EndAsync();

        private Task EndAsync()
        {
            deliveries.TryComplete();
            return Task.CompletedTask;
        }
    }
}
