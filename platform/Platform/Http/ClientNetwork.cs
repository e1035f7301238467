using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Platform;

/// <summary>The network that an address counts for: IPv4 /24, IPv6 /64 (RST-3). Who has one address of it commonly has them all.</summary>
public static class ClientNetwork
{
    /// <summary>Its first address and length, like <c>192.0.2.0/24</c>.</summary>
    public static string Of(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        var length = address.AddressFamily == AddressFamily.InterNetwork ? 24 : 64;
        bytes.AsSpan(length / 8).Clear();
        return $"{new IPAddress(bytes)}/{length}";
    }
}
