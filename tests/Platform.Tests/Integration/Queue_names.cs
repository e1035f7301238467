using System.Collections.Concurrent;
using Hikyaku.Platform.Testing;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>Queues are called after the program that reads them, so that no two programs share one.</summary>
public class Queue_names
{
    [Fact, Trait("Rule", "REL-3")]
    public async Task Two_programs_with_consumers_of_one_name_each_hear_every_message()
    {
        var rabbit = await RabbitServer.SharedAsync();
        var virtualHost = await rabbit.AddVirtualHostAsync();
        await using var letters = await Program.StartAsync(virtualHost, "letters");
        await using var stamps = await Program.StartAsync(virtualHost, "stamps");

        foreach (var version in Enumerable.Range(1, 20)) await letters.TellAsync(version);

        await Eventually.Async(() => letters.Heard.Count == 20 && stamps.Heard.Count == 20);
        Assert.Subset((await rabbit.QueuesAsync(virtualHost)).Keys.ToHashSet(), new HashSet<string> { "letters-parcel-told", "stamps-parcel-told" });
    }

    [Fact]
    public async Task A_queue_that_is_not_called_after_its_program_is_refused()
    {
        var virtualHost = await (await RabbitServer.SharedAsync()).AddVirtualHostAsync();

        var refusal = await Assert.ThrowsAnyAsync<Exception>(() => Program.StartAsync(virtualHost, "letters", queue: "parcel-told"));

        Assert.Contains("must have a name that begins with 'letters-'", refusal.ToString(), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "REL-7")]
    public async Task What_waits_in_a_queue_of_a_former_name_is_heard_and_the_queue_goes()
    {
        var virtualHost = await (await RabbitServer.SharedAsync()).AddVirtualHostAsync();
        await using (var earlier = await Program.StartAsync(virtualHost, "parcel", queue: "parcel-told")) { }
        await using (var teller = await Program.StartAsync(virtualHost, "teller"))
            foreach (var version in Enumerable.Range(1, 50)) await teller.TellAsync(version); // wait in the former queue

        await using var letters = await Program.StartAsync(virtualHost, "letters", former: "parcel-told");

        await Eventually.Async(() => letters.Heard.Distinct().Count() == 50);
        await using var connection = await new ConnectionFactory { Uri = new(virtualHost) }.CreateConnectionAsync();
        await Eventually.Async(async () => !await IsThereAsync(connection, c => c.QueueDeclarePassiveAsync("parcel-told")));
        Assert.False(await IsThereAsync(connection, c => c.ExchangeDeclarePassiveAsync("parcel-told")));
        await letters.TellAsync(51);
        await Eventually.Async(() => letters.Heard.Contains(51));
    }

    private static async Task<bool> IsThereAsync(IConnection connection, Func<IChannel, Task> declare)
    {
        await using var channel = await connection.CreateChannelAsync();
        try
        {
            await declare(channel);
            return true;
        }
        catch (RabbitMQ.Client.Exceptions.OperationInterruptedException)
        {
            return false;
        }
    }

    public sealed class ParcelToldConsumer(Hearing hearing) : IConsumer<ParcelTold>
    {
        public Task Consume(ConsumeContext<ParcelTold> context)
        {
            hearing.Versions.Enqueue(context.Message.Version);
            return Task.CompletedTask;
        }
    }

    public sealed class Hearing
    {
        public ConcurrentQueue<long> Versions { get; } = new();
    }

    /// <summary>A program with one consumer.</summary>
    private sealed class Program(IHost host) : IAsyncDisposable
    {
        public ConcurrentQueue<long> Heard => host.Services.GetRequiredService<Hearing>().Versions;

        public static async Task<Program> StartAsync(string virtualHost, string name, string? queue = null, string? former = null)
        {
            var builder = Host.CreateApplicationBuilder();
            builder.Configuration.AddInMemoryCollection([new("Hikyaku:Rabbit", virtualHost)]);
            builder.Services.AddSingleton<ILoggerFactory>(NullLoggerFactory.Instance); // the bus keeps one for the whole process
            builder.Services.AddSingleton(TimeProvider.System).AddSingleton<Hearing>();
            builder.Services.AddBus(builder.Configuration, name, bus =>
            {
                var consumer = bus.AddConsumer<ParcelToldConsumer>();
                if (queue is not null) consumer.Endpoint(e => e.Name = queue);
            });
            if (former is not null) builder.Services.AddFormerQueues((former, $"{name}-parcel-told"));
            builder.Services.Configure<MassTransitHostOptions>(o => o.WaitUntilStarted = true);
            var host = builder.Build();
            await host.StartAsync();
            return new(host);
        }

        public Task TellAsync(long version) => host.Services.GetRequiredService<IBus>().Publish(new ParcelTold("p1", version, ""));

        public async ValueTask DisposeAsync()
        {
            await host.StopAsync();
            host.Dispose();
        }
    }
}
