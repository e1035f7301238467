using System.Net;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Sessions;

/// <summary>Finds the session or the API token of a request: a bearer token first, else a cookie, which never holds an API token.</summary>
public sealed class SessionReader(SessionStore sessions, TokenStore tokens, TimeProvider time)
{
    private const string Bearer = "Bearer ";

    /// <summary>Answers who asks, or why nobody is known. A bearer token that does not count is not made good by a cookie.</summary>
    public async ValueTask<(Asker? Asker, ProblemCode? Refusal)> ReadAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var header = http.Request.Headers.Authorization;
        var byCookie = header.Count == 0;
        var token = byCookie ? SessionCookies.Read(http.Request) : TokenIn(header.ToString());
        if (!byCookie && ApiToken.IsOne(token)) return await ReadTokenAsync(token!, AddressOf(http).ToString());
        if (SessionToken.HashOf(token) is not { } hash || await sessions.FindAsync(hash) is not { } session) return (null, PlatformProblems.Unauthenticated);
        return (new Asker(session, AddressOf(http).ToString(), byCookie, hash), null);
    }

    /// <summary>Answers what has become of who asked: their session, or what their token is like; null when it does not count any more.</summary>
    public async ValueTask<Session?> FindAgainAsync(Asker asker)
    {
        ArgumentNullException.ThrowIfNull(asker);
        if (asker.Token is null) return await sessions.FindAsync(asker.TokenHash);
        return await tokens.FindAsync(asker.TokenHash) is { } token && Ended(token) is null ? token.AsSession : null;
    }

    private async ValueTask<(Asker? Asker, ProblemCode? Refusal)> ReadTokenAsync(string text, string address)
    {
        if (ApiToken.HashOf(text) is not { } hash || await tokens.FindAsync(hash) is not { } token) return (null, GatewayProblems.TokenWrong);
        if (Ended(token) is { } why) return (null, why);
        await tokens.NoteUseAsync(token, address);
        return (new Asker(token.AsSession, address, ByCookie: false, hash, token), null);
    }

    private ProblemCode? Ended(ApiToken token)
        => token.Revoked ? GatewayProblems.TokenRevoked : token.ExpiresAt <= time.GetUtcNow() ? GatewayProblems.TokenExpired : null;

    /// <summary>The client's address: that of the connection, or what a trusted proxy says (<see cref="TrustedProxies"/>).</summary>
    public static IPAddress AddressOf(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        return address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
    }

    private static string? TokenIn(string header)
        => header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) ? header[Bearer.Length..].Trim() : null;
}
