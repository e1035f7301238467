using System.Collections.Concurrent;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using MassTransit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>One message as it came.</summary>
public sealed record Heard(Guid MessageId, object Message, string? Trace);

/// <summary>Hears everything that a service tells on a virtual host, one message after the other.</summary>
public sealed class Listener : IAsyncDisposable
{
    private readonly IBusControl _bus;
    private readonly ConcurrentQueue<Heard> _heard = new();

    private Listener(string virtualHost)
    {
        var address = new Uri(virtualHost);
        _bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            var login = address.UserInfo.Split(':');
            rabbit.Host(address.Host, (ushort)address.Port, address.AbsolutePath.TrimStart('/'), host => { host.Username(login[0]); host.Password(login[1]); });
            rabbit.ReceiveEndpoint("listener", endpoint =>
            {
                endpoint.SetQuorumQueue();
                endpoint.ConcurrentMessageLimit = 1;
                endpoint.PrefetchCount = 100;
                endpoint.Handler<ParcelTold>(Note);
                endpoint.Handler<ParcelState>(Note);
                endpoint.Handler<NodeStateBookmark>(Note);
                endpoint.Handler<AccountErased>(Note);
            });
        });
    }

    public static async Task<Listener> StartAsync(string virtualHost)
    {
        var listener = new Listener(virtualHost);
        await listener._bus.StartAsync(TimeSpan.FromSeconds(30));
        return listener;
    }

    /// <summary>Everything so far, in the order it came.</summary>
    public IReadOnlyList<Heard> All => [.. _heard];

    /// <summary>What was told of a parcel, each event once, by its first arrival.</summary>
    public IReadOnlyList<ParcelTold> Of(string parcel)
        => [.. _heard.DistinctBy(h => h.MessageId).Select(h => h.Message).OfType<ParcelTold>().Where(p => p.Parcel == parcel)];

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _bus.StopAsync(limit.Token);
    }

    private Task Note<T>(ConsumeContext<T> context) where T : class
    {
        _heard.Enqueue(new(context.MessageId!.Value, context.Message, context.Headers.Get<string>("MT-Activity-Id")));
        return Task.CompletedTask;
    }
}
