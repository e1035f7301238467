using System.Diagnostics;
using Hikyaku.Platform;
using MassTransit;
using MassTransit.RabbitMqTransport;

namespace Hikyaku.Feed;

/// <summary>Records one kind of contract.</summary>
/// <typeparam name="T">One of <see cref="RecordedContracts"/>.</typeparam>
public sealed class Recorder<T>(RecordingQueue queue) : IConsumer<T> where T : class
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<T> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        // The consumer's tag cannot identify the channel: the first messages may come before the tag is known.
        var (channel, number) = (context.GetPayload<ChannelContext>().Channel, context.GetPayload<RabbitMqBasicConsumeContext>().DeliveryTag);
        await queue.RecordAsync(NewEvent.Of(context.Message, Activity.Current?.Id), channel, number, context.CancellationToken);
    }
}

/// <summary>The consumers of everything that is recorded.</summary>
public static class Recorders
{
    /// <summary>The queue; deletions come by it, too.</summary>
    internal const string Queue = "feed";

    /// <summary>Adds one queue for all contracts and all processes, so that waiting messages keep their order.</summary>
    public static void Add(IBusRegistrationConfigurator bus)
    {
        foreach (var contract in RecordedContracts.All)
        {
            bus.AddConsumer(typeof(Recorder<>).MakeGenericType(contract))
                .Endpoint(e => (e.Name, e.PrefetchCount) = (Queue, RecordingQueue.MaxBatch));
        }

        bus.AddDeletionParticipant<ErasesEvents>("feed", Queue);
    }
}
