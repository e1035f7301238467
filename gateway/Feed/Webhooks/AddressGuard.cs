using System.Net;
using System.Net.Sockets;
using Hikyaku.Platform;

namespace Hikyaku.Feed.Webhooks;

/// <summary>
/// Keeps webhooks out of the platform's own networks (<see cref="NetworkGuard"/>). The networks that the setting
/// <c>Hikyaku:WebhookAllow</c> names (separated by commas; none by default) may be called without TLS, too.
/// </summary>
public sealed class AddressGuard(IConfiguration configuration)
{
    private readonly NetworkGuard _network = new(configuration["Hikyaku:WebhookAllow"]);

    /// <summary>Whether an address may be called.</summary>
    public bool Permits(IPAddress address, bool withTls) => withTls ? _network.Permits(address) : _network.Allows(address);

    /// <summary>The addresses of a URL's host. If one of them may not be called, the whole host is refused.</summary>
    /// <exception cref="RefusedAddressException">One of them may not be called.</exception>
    /// <exception cref="SocketException">The name has no address.</exception>
    public async Task<IPAddress[]> ResolveAsync(Uri url, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(url);
        var addresses = await _network.ResolveAsync(url.DnsSafeHost, stop);
        return addresses.All(a => Permits(a, url.Scheme == Uri.UriSchemeHttps)) ? addresses : throw new RefusedAddressException();
    }

    /// <summary>Connects to the address that was judged; used as <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(context);
        return await NetworkGuard.ConnectAsync(await ResolveAsync(context.InitialRequestMessage.RequestUri!, stop), context.DnsEndPoint.Port, stop);
    }
}
