using System.Net;

namespace Hikyaku.Gateway.Sessions;

/// <summary>Finds the session of a request: a bearer token first, else a cookie.</summary>
public sealed class SessionReader(SessionStore sessions)
{
    private const string Bearer = "Bearer ";

    /// <summary>Answers who asks; null when nobody is signed in. A bearer token that does not count is not made good by a cookie.</summary>
    public async ValueTask<Asker?> ReadAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var header = http.Request.Headers.Authorization;
        var byCookie = header.Count == 0;
        var token = byCookie ? SessionCookies.Read(http.Request) : TokenIn(header.ToString());
        if (SessionToken.HashOf(token) is not { } hash) return null;
        return await sessions.FindAsync(hash) is { } session ? new Asker(session, AddressOf(http).ToString(), byCookie, hash) : null;
    }

    /// <summary>The client's address: that of the connection, or what a trusted proxy says (<see cref="Proxies.TrustedProxies"/>).</summary>
    public static IPAddress AddressOf(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static string? TokenIn(string header)
        => header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;
}
