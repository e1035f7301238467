using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace Hikyaku.Platform;

/// <summary>
/// The proxies before the gateway or the panel whose word on the client's address counts (<c>Hikyaku:TrustedProxies</c>: addresses and
/// networks, separated by commas; none unless set). From them <c>Forwarded</c> (RFC 7239), <c>X-Forwarded-For</c> and
/// <c>X-Forwarded-Proto</c> are read from the right, past further trusted proxies; from anybody else they are ignored.
/// </summary>
public static class TrustedProxies
{
    /// <summary>The setting.</summary>
    public const string Setting = "Hikyaku:TrustedProxies";

    /// <summary>Makes the client's address, and whether it came by HTTPS, what the trusted proxies say. Must come first.</summary>
    public static void UseTrustedProxies(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var trusted = Read(app.Configuration[Setting]);
        if (trusted.Count == 0) return; // the framework would believe everybody
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in trusted) options.KnownIPNetworks.Add(network);
        app.Use((http, next) =>
        {
            Translate(http.Request.Headers);
            return next(http);
        });
        app.UseForwardedHeaders(options);
    }

    /// <summary>Reads the setting; what is neither an address nor a network is an error.</summary>
    public static IReadOnlyList<IPNetwork> Read(string? setting)
        => [.. (setting ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(NetworkOf)];

    // The framework knows X-Forwarded-For only. If a proxy writes one of the two headers and passes on the other one, which a
    // client may have made up, they differ: then neither counts, and the client has the proxy's address.
    private static void Translate(IHeaderDictionary headers)
    {
        const string for_ = "X-Forwarded-For", proto = "X-Forwarded-Proto";
        if (headers["Forwarded"] is not { Count: > 0 } text) return;
        var elements = ForwardedHeader.Read(text.ToString());
        var addresses = elements?.Select(e => e.For).ToArray();
        if (addresses is null || (headers.TryGetValue(for_, out var others) && !others.ToString().Split(',', StringSplitOptions.TrimEntries).SequenceEqual(addresses)))
        {
            headers.Remove(for_);
            headers.Remove(proto);
            return;
        }

        headers[for_] = string.Join(", ", addresses);
        headers[proto] = string.Join(", ", elements!.Select(e => e.Proto));
    }

    private static IPNetwork NetworkOf(string entry)
    {
        if (entry.Contains('/', StringComparison.Ordinal) && IPNetwork.TryParse(entry, out var network)) return network;
        // IPAddress reads "10" as 0.0.0.10, so IPv4 addresses must have four parts.
        if (IPAddress.TryParse(entry, out var address) && (address.AddressFamily == AddressFamily.InterNetworkV6 || entry.Count(c => c == '.') == 3))
            return new(address, address.AddressFamily == AddressFamily.InterNetworkV6 ? 128 : 32);
        throw new InvalidOperationException($"{Setting}: '{entry}' is neither an IP address nor a network like 192.0.2.0/24");
    }
}
