using System.Net;
using System.Net.Sockets;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Sources;

/// <summary>Networks as rules count them (<see cref="ClientNetwork"/>), and as operators type them.</summary>
internal static class Networks
{
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
    public static bool IsShared(string network, IEnumerable<IPNetwork> sharedFetchers) => network is "127.0.0.0/24" or "::/64" || IsIn(network, sharedFetchers);

    private static bool IsIn(string network, IEnumerable<IPNetwork> others)
        => IPAddress.TryParse(network.AsSpan(0, network.IndexOf('/', StringComparison.Ordinal)), out var address) && others.Any(o => o.Contains(address));
}
