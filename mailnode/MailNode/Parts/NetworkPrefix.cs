using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Hikyaku.MailNode;

/// <summary>
/// What the addresses of a network begin with, when they are written as dovecot/sql.conf writes them: <c>192.0.2.</c> for
/// 192.0.2.0/24, <c>2001:db8:0:0:</c> for 2001:db8::/64.
/// </summary>
public static class NetworkPrefix
{
    /// <summary>Of an IPv4 /24 or an IPv6 /64; null for anything else.</summary>
    public static string? Of(string? network)
    {
        if (!IPNetwork.TryParse(network, out var read)) return null;
        var bytes = read.BaseAddress.GetAddressBytes();
        return (read.BaseAddress.AddressFamily, read.PrefixLength) switch
        {
            (AddressFamily.InterNetwork, 24) => string.Create(CultureInfo.InvariantCulture, $"{bytes[0]}.{bytes[1]}.{bytes[2]}."),
            (AddressFamily.InterNetworkV6, 64) => string.Concat(Enumerable.Range(0, 4).Select(i => BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2 * i)).ToString("x", CultureInfo.InvariantCulture) + ":")),
            _ => null,
        };
    }
}
