using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Platform;

/// <summary>An address that may not be reached.</summary>
public sealed class RefusedAddressException() : IOException("The host has an address that may not be called");

/// <summary>
/// Keeps connections to hosts that people name out of the platform's own networks: only public addresses are reached, and those
/// of networks that the operator allows. Connect to the very addresses that <see cref="ResolveAsync"/> answers, so that a name that
/// resolves to another address later cannot get around the check.
/// </summary>
/// <param name="allowed">The allowed networks, separated by commas; null: none.</param>
public sealed class NetworkGuard(string? allowed)
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
        [.. (allowed ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(IPNetwork.Parse)];

    /// <summary>Whether the operator allows an address's network.</summary>
    public bool Allows(IPAddress address) => _allowed.Any(n => n.Contains(Plain(address)));

    /// <summary>Whether an address may be reached.</summary>
    public bool Permits(IPAddress address) => Allows(address) || IsPublic(Plain(address));

    /// <summary>
    /// The addresses of a host. If one of them may not be reached, the whole host is refused: mixed addresses are a sign of an attack.
    /// </summary>
    /// <exception cref="RefusedAddressException">One of them may not be reached.</exception>
    /// <exception cref="SocketException">The name has no address.</exception>
    /// <exception cref="ArgumentException">The name is none.</exception>
    public async Task<IPAddress[]> ResolveAsync(string host, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(host);
        // The resolver refuses the unspecified address.
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, stop);
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);
        return addresses.All(Permits) ? addresses : throw new RefusedAddressException();
    }

    /// <summary>Connects to the first of the addresses that answers.</summary>
    /// <exception cref="SocketException">None of them does.</exception>
    public static async Task<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken stop)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, stop);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static bool IsPublic(IPAddress address)
        => !Special.Any(n => n.Contains(address)) && (address.AddressFamily == AddressFamily.InterNetwork || PublicV6.Contains(address));

    private static IPAddress Plain(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }
}
