using System.Collections.Concurrent;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The node's two virtual hosts, and somebody who publishes states and hears facts.</summary>
public sealed class Broker : IAsyncDisposable
{
    private readonly IBusControl _nodes, _facts;

    private Broker(string nodes, string facts)
    {
        (NodesUri, FactsUri) = (nodes, facts);
        _nodes = MassTransit.Bus.Factory.CreateUsingRabbitMq(r => r.Host(new Uri(nodes)));
        _facts = MassTransit.Bus.Factory.CreateUsingRabbitMq(r =>
        {
            r.Host(new Uri(facts));
            r.ReceiveEndpoint("facts", e =>
            {
                e.Handler<MailboxUsageMeasured>(c =>
                {
                    foreach (var mailbox in c.Message.Mailboxes) Used[mailbox.AccountId] = mailbox.UsedBytes;
                    return c.Message.RequestId is null ? Task.CompletedTask : Hear(c.MessageId, c.Message);
                });
                e.Handler<LoginsObserved>(c => Hear(c.MessageId, c.Message));
                e.Handler<SubmissionsObserved>(c => Hear(c.MessageId, c.Message));
                e.Handler<DeliveriesObserved>(c => Hear(c.MessageId, c.Message));
                e.Handler<MailboxErased>(c => Hear(c.MessageId, c.Message));
                e.Handler<MailDataDeletionProgressed>(c => Hear(c.MessageId, c.Message));
                e.Handler<MailHeld>(c => Hear(c.MessageId, c.Message));
                e.Handler<RulePreviewed>(c => Hear(c.MessageId, c.Message));
                e.Handler<MessageTraced>(c => Hear(c.MessageId, c.Message));
            });
        });
    }

    public string NodesUri { get; }

    public string FactsUri { get; }

    /// <summary>The newest measurement of each account.</summary>
    public ConcurrentDictionary<string, long> Used { get; } = new();

    /// <summary>Other facts, by the ids of their messages: what came twice is there once.</summary>
    public ConcurrentDictionary<Guid, object> Facts { get; } = new();

    /// <summary>Every login that was told of with this name.</summary>
    public IEnumerable<LoginObserved> LoginsOf(string login)
        => Facts.Values.OfType<LoginsObserved>().SelectMany(f => f.Logins).Where(l => l.Login == login);

    /// <summary>Every message that was told of as submitted by an account, in the order of their times.</summary>
    public IReadOnlyList<SubmissionObserved> SubmissionsOf(string accountId)
        => [.. Facts.Values.OfType<SubmissionsObserved>().SelectMany(f => f.Submissions).Where(s => s.AccountId == accountId).OrderBy(s => s.At)];

    /// <summary>Every step of a message that was told of an account, in the order of their times.</summary>
    public IReadOnlyList<DeliveryObserved> DeliveriesOf(string accountId)
        => [.. Facts.Values.OfType<DeliveriesObserved>().SelectMany(f => f.Deliveries).Where(d => d.AccountId == accountId).OrderBy(d => d.At).ThenBy(d => d.Id, StringComparer.Ordinal)];

    public static async Task<Broker> StartAsync(RabbitServer rabbit)
    {
        var broker = new Broker(await rabbit.AddVirtualHostAsync(), await rabbit.AddVirtualHostAsync());
        await broker._nodes.StartAsync();
        await broker._facts.StartAsync();
        return broker;
    }

    /// <summary>Whether nothing that is published arrives.</summary>
    public bool Loses { get; set; }

    public Task PublishAsync(object message) => Loses ? Task.CompletedTask : _nodes.Publish(message, message.GetType());

    private Task Hear(Guid? messageId, object fact)
    {
        Facts[messageId!.Value] = fact;
        return Task.CompletedTask;
    }

    /// <summary>Puts something into a queue that no publisher of the platform would send.</summary>
    public async Task PublishRawAsync(string queue, string body)
    {
        var factory = new RabbitMQ.Client.ConnectionFactory { Uri = new Uri(NodesUri) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await RabbitMQ.Client.IChannelExtensions.BasicPublishAsync(channel, "", queue, System.Text.Encoding.UTF8.GetBytes(body));
    }

    /// <summary>Removes a node's queue, as the broker does when nobody has read it for a week.</summary>
    public async Task DeleteQueueAsync(string name)
    {
        var factory = new RabbitMQ.Client.ConnectionFactory { Uri = new Uri(NodesUri) };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.QueueDeleteAsync(name, ifUnused: false, ifEmpty: false);
    }

    public async ValueTask DisposeAsync()
    {
        await _nodes.StopAsync();
        await _facts.StopAsync();
    }
}
