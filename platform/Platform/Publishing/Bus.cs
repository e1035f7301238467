using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>The bus in the virtual host that only nodes may read: node states travel on it, password hashes included.</summary>
public interface INodeBus : IBus;

/// <summary>How every deployable uses MassTransit on RabbitMQ.</summary>
public static class Bus
{
    private const string OfOneProcess = "-process-";

    /// <summary>
    /// Adds the bus of domain events and facts (<c>Hikyaku:Rabbit</c>, an amqp URI): quorum queues, confirms, retries. The name of
    /// every queue begins with the program's, so that no two programs read one queue and take each other's messages.
    /// </summary>
    /// <param name="services">Where it is added.</param>
    /// <param name="configuration">Has the setting.</param>
    /// <param name="program">The program's name, like <c>accounts</c>.</param>
    /// <param name="configure">Adds consumers; the queue of <c>ErasureConsumer</c> is <c>accounts-erasure</c>.</param>
    public static IServiceCollection AddBus(
        this IServiceCollection services, IConfiguration configuration, string program, Action<IBusRegistrationConfigurator>? configure = null)
        => services.AddMassTransit(bus =>
        {
            Defaults(bus, program, configure);
            bus.UsingRabbitMq((context, rabbit) => Connect(context, rabbit, configuration, "Hikyaku:Rabbit"));
        });

    /// <summary>A name for a queue that one process has for itself, and which is deleted with its connection.</summary>
    public static string QueueOfOneProcess(string program) => $"{program}{OfOneProcess}{Guid.NewGuid():N}";

    /// <summary>Adds the node bus (<c>Hikyaku:RabbitNodes</c>), for publishing; nodes read their queues themselves.</summary>
    public static IServiceCollection AddNodeBus(this IServiceCollection services, IConfiguration configuration)
        => services.AddMassTransit<INodeBus>(bus =>
        {
            bus.DisableUsageTelemetry(); // by default it tells its maker
            bus.UsingRabbitMq((context, rabbit) => Connect(context, rabbit, configuration, "Hikyaku:RabbitNodes"));
        });

    private static void Defaults(IBusRegistrationConfigurator bus, string program, Action<IBusRegistrationConfigurator>? configure)
    {
        bus.SetEndpointNameFormatter(new KebabCaseEndpointNameFormatter($"{program}-", includeNamespace: false));
        bus.DisableUsageTelemetry(); // by default it tells its maker
        bus.AddConfigureEndpointsCallback((name, endpoint) =>
        {
            if (name != program && !name.StartsWith($"{program}-", StringComparison.Ordinal))
                throw new InvalidOperationException($"The queue {name} must have a name that begins with '{program}-': a queue of another program may be called so");
            if (endpoint is IRabbitMqReceiveEndpointConfigurator rabbit && !name.Contains(OfOneProcess, StringComparison.Ordinal)) rabbit.SetQuorumQueue();
            // The retries last long enough for a restart of the database. A message that still fails goes to the error queue.
            endpoint.UseMessageRetry(r => r.Exponential(12, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30), TimeSpan.FromMilliseconds(200)));
        });
        configure?.Invoke(bus);
    }

    private static void Connect(IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator rabbit, IConfiguration configuration, string setting)
    {
        var address = new Uri(configuration[setting] ?? throw new InvalidOperationException($"{setting} is not set"));
        var login = address.UserInfo.Split(':', 2);
        rabbit.Host(address.Host, (ushort)address.Port, Uri.UnescapeDataString(address.AbsolutePath.TrimStart('/')), host =>
        {
            host.Username(Uri.UnescapeDataString(login[0]));
            host.Password(Uri.UnescapeDataString(login[1]));
            host.PublisherConfirmation = true;
            host.Heartbeat(TimeSpan.FromSeconds(10));
        });
        rabbit.ConfigureEndpoints(context);
    }
}
