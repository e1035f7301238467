using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Feed.Webhooks;

/// <summary>An address that may not be called.</summary>
public sealed class RefusedAddressException() : IOException("The host has an address that may not be called");

/// <summary>
/// Keeps webhooks out of the platform's own networks: only public addresses are called, and those that the setting
/// <c>Hikyaku:WebhookAllow</c> names (networks, separated by commas; none by default), which may be called without TLS, too.
/// The connection is made to the very address that was judged, so that a name that resolves to another address later cannot get around the check.
/// </summary>
public sealed class AddressGuard(IConfiguration configuration)
{
    // IANA's special-purpose registries; of IPv6 only 2000::/3 is public, less these.
    private static readonly IPNetwork[] Special =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork PublicV6 = IPNetwork.Parse("2000::/3");

    private readonly IPNetwork[] _allowed =
        [.. (configuration["Hikyaku:WebhookAllow"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(IPNetwork.Parse)];

    /// <summary>Whether an address may be called.</summary>
    public bool Permits(IPAddress address, bool withTls)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (_allowed.Any(n => n.Contains(address))) return true;
        if (!withTls || Special.Any(n => n.Contains(address))) return false;
        return address.AddressFamily == AddressFamily.InterNetwork || PublicV6.Contains(address);
    }

    /// <summary>
    /// The addresses of a URL's host. If one of them may not be called, the whole host is refused: mixed addresses are a sign of an attack.
    /// </summary>
    /// <exception cref="RefusedAddressException">One of them may not be called.</exception>
    /// <exception cref="SocketException">The name has no address.</exception>
    public async Task<IPAddress[]> ResolveAsync(Uri url, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(url);
        // The resolver refuses the unspecified address.
        var addresses = IPAddress.TryParse(url.DnsSafeHost, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(url.DnsSafeHost, stop);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        return addresses.All(a => Permits(a, url.Scheme == Uri.UriSchemeHttps)) ? addresses : throw new RefusedAddressException();
    }

    /// <summary>Connects to the address that was judged; used as <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(context);
        var addresses = await ResolveAsync(context.InitialRequestMessage.RequestUri!, stop);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, context.DnsEndPoint.Port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
