using MassTransit;

namespace Hikyaku.Platform.Testing;

/// <summary>Hears what is published in a virtual host.</summary>
public static class Listener
{
    /// <summary>Starts one; it has a queue of its own.</summary>
    /// <param name="virtualHost">An amqp URI.</param>
    /// <param name="handle">Adds what it hears.</param>
    public static async Task<IBusControl> StartAsync(string virtualHost, Action<IRabbitMqReceiveEndpointConfigurator> handle)
    {
        var address = new Uri(virtualHost);
        var login = address.UserInfo.Split(':');
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(address.Host, (ushort)address.Port, address.AbsolutePath.TrimStart('/'), host => { host.Username(login[0]); host.Password(login[1]); });
            rabbit.ReceiveEndpoint($"test-{Guid.NewGuid():N}", handle);
        });
        await bus.StartAsync(TimeSpan.FromSeconds(30));
        return bus;
    }
}
