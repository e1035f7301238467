using System.Net;
using System.Net.Sockets;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Sources;

/// <summary>Networks as rules count them (<see cref="ClientNetwork"/>), and as operators type them.</summary>
internal static class Networks
{
    /// <summary>This machine's own.</summary>
    public static readonly string[] Own = ["127.0.0.0/24", "::/64"];

    /// <summary>The network of an address, or of a part of one; null for what is neither.</summary>
    public static string? Of(string? source)
    {
        if (source is null) return null;
        var slash = source.IndexOf('/', StringComparison.Ordinal);
        return IPAddress.TryParse(slash < 0 ? source : source.AsSpan(0, slash), out var address) ? ClientNetwork.Of(address) : null;
    }

    /// <summary>Reads a network of any size, as operators type it; null for what is none.</summary>
    public static IPNetwork? Read(string? typed)
        => IPNetwork.TryParse(typed?.Trim() ?? "", out var network) ? network : IPAddress.TryParse(typed?.Trim() ?? "", out var one) ? new IPNetwork(one, one.AddressFamily == AddressFamily.InterNetwork ? 32 : 128) : null;

    /// <summary>Whether a network is never locked out: this machine's own, on which webmail may be, and what operators name.</summary>
    public static bool IsShared(string network, IEnumerable<IPNetwork> sharedFetchers) => Own.Contains(network) || IsIn(network, sharedFetchers);

    /// <summary>The networks, as rules count them, that operators have named; of one that is larger than a /16 or, of IPv6, than a /64, only the first.</summary>
    public static IEnumerable<string> Named(IEnumerable<IPNetwork> sharedFetchers)
    {
        foreach (var named in sharedFetchers)
        {
            var first = named.BaseAddress.GetAddressBytes();
            var count = first.Length == 4 && named.PrefixLength is >= 16 and < 24 ? 1 << (24 - named.PrefixLength) : 1;
            for (var i = 0; i < count; i++)
            {
                byte[] bytes = [.. first];
                if (count > 1) bytes[2] += (byte)i;
                yield return ClientNetwork.Of(new IPAddress(bytes));
            }
        }
    }

    // One that is named may also be a part of the network, as one address is.
    private static bool IsIn(string network, IEnumerable<IPNetwork> others)
        => IPNetwork.TryParse(network, out var all) && others.Any(o => o.Contains(all.BaseAddress) || all.Contains(o.BaseAddress));
}
