using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>
/// The watch of list-and-watch: the node's queue on the node bus. It outlives the agent for a week and drops its oldest
/// messages when it is full, so that a dead node never fills the broker; what is missing then shows in the bookmarks.
/// </summary>
public sealed class Watch(Applier applier, Deliveries deliveries, Usage usage) : IConsumer<NodeStateBookmark>, IConsumer<MailboxMeasurementAsked>
{
    private const int AtOnce = 256;
    private static readonly TimeSpan QueueLife = TimeSpan.FromDays(7);

    /// <summary>Adds the consumers: one for each part, and this one for all else that comes on the node bus.</summary>
    public static void AddConsumers(IBusRegistrationConfigurator bus, Parts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        bus.AddConsumer<Watch>();
        foreach (var part in parts.All) bus.AddConsumer(ConsumerOf(part));
    }

    /// <summary>Sets up the endpoint.</summary>
    public static void Configure(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator rabbit)
    {
        ArgumentNullException.ThrowIfNull(rabbit);
        var settings = context.GetRequiredService<NodeSettings>();
        rabbit.ReceiveEndpoint($"node-{settings.Node}", endpoint =>
        {
            endpoint.SetQuorumQueue();
            endpoint.SetQueueArgument("x-max-length", settings.QueueLength);
            endpoint.SetQueueArgument("x-overflow", "drop-head");
            endpoint.SetQueueArgument("x-expires", (long)QueueLife.TotalMilliseconds);
            endpoint.PrefetchCount = AtOnce;
            // Password hashes are in the messages: none is put into another queue.
            endpoint.PublishFaults = false;
            endpoint.DiscardFaultedMessages();
            endpoint.DiscardSkippedMessages();
            endpoint.ConnectReceiveEndpointObserver(context.GetRequiredService<WatchState>());
            endpoint.ConfigureConsumer<Watch>(context);
            foreach (var part in context.GetRequiredService<Parts>().All) endpoint.ConfigureConsumer(context, ConsumerOf(part));
        });
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailboxMeasurementAsked> context)
    {
        usage.Ask(context.Message); // bookmarks do not wait for Dovecot
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<NodeStateBookmark> context)
    {
        await deliveries.EarlierAsync(context.ReceiveContext);
        await applier.ApplyAsync(context.Message);
    }

    private static Type ConsumerOf(IPart part) => typeof(PartConsumer<>).MakeGenericType(part.Contract);
}
