using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Tokens;

/// <summary>A new API token as its owner wants it.</summary>
/// <param name="Name">1 to 60 characters, for the owner and for histories.</param>
/// <param name="Scopes">What it may do, like <c>accounts:read</c>.</param>
/// <param name="Domains">What it is limited to, for operators and administrators; absent: no limit.</param>
/// <param name="ExpiresAt">Absent: in 90 days; at most in 366 days.</param>
public sealed record MakeTokenBody(string? Name, IReadOnlyList<string?>? Scopes, IReadOnlyList<string?>? Domains = null, DateTimeOffset? ExpiresAt = null);

/// <summary>One of one's own API tokens.</summary>
/// <param name="Id">For reading and revoking it; not a secret.</param>
/// <param name="Name">As its owner calls it.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="Domains">What it is limited to, in A-labels; absent: no limit.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">From when on it does not count.</param>
/// <param name="LastUsedAt">When it was last used, to the minute; absent: never.</param>
/// <param name="LastUsedAddress">From which IP address.</param>
/// <param name="Token">What a program sends as <c>Authorization: Bearer</c>; only in the answer that made it, and never again.</param>
public sealed record TokenView(
    string Id, string Name, IReadOnlyList<string> Scopes, IReadOnlyList<string>? Domains, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt,
    DateTimeOffset? LastUsedAt, string? LastUsedAddress, string? Token = null);

/// <summary>One's own API tokens, newest first; never paged. Expired ones stay for 30 days.</summary>
public sealed record TokenList(IReadOnlyList<TokenView> Items);

/// <summary>What somebody does with their own API tokens (GWY-2). It is one's own business, and no event.</summary>
public static class OwnTokens
{
    /// <summary><c>POST /api/v1/tokens</c> → 201 with the token, which is shown only here.</summary>
    public static async Task<IResult> Make(MakeTokenBody body, HttpContext http, TokenStore tokens, RouteTable table, TimeProvider time, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(http);
        var (owner, now) = (http.Admission().Asker.Session, time.GetUtcNow());
        var broken = NewToken.Broken(body, owner, table, now);
        if (broken.Count > 0) return Problems.Of(broken);
        var token = NewToken.Of(body, owner, SessionReader.AddressOf(http).ToString(), now);
        if (http.Request.Query["dryRun"] == "true") return new Answer(201, View(token));

        var text = ApiToken.Create();
        if (await tokens.AddAsync(ApiToken.HashOf(text)!.Value, token, owner.Id, stop))
            return new Answer(201, View(token) with { Token = text }, Location: $"/api/v1/tokens/{token.Id:N}");
        return (await tokens.OfOwnerAsync(owner, stop)).Count(t => t.ExpiresAt > now) >= TokenStore.MaxPerLogin
            ? Problems.Of(GatewayProblems.TooManyTokens, null, ("max", TokenStore.MaxPerLogin))
            : Problems.Of(PlatformProblems.Unauthenticated); // the session has ended meanwhile
    }

    /// <summary><c>GET /api/v1/tokens</c> → 200.</summary>
    public static async Task<IResult> List(HttpContext http, TokenStore tokens, CancellationToken stop)
        => new Answer(200, new TokenList([.. (await tokens.OfOwnerAsync(http.Admission().Asker.Session, stop)).Select(View)]));

    /// <summary><c>GET /api/v1/tokens/{id}</c> → 200; 404 when it is none of one's own.</summary>
    public static async Task<IResult> One(string id, HttpContext http, TokenStore tokens, CancellationToken stop)
        => Guid.TryParseExact(id, "N", out var token) && await tokens.OfOwnerAsync(http.Admission().Asker.Session, token, stop) is { } known
            ? new Answer(200, View(known))
            : Problems.Of(PlatformProblems.NotFound);

    /// <summary><c>DELETE /api/v1/tokens/{id}</c> → 204; 404 when it is none of one's own, or revoked already.</summary>
    public static async Task<IResult> Revoke(string id, HttpContext http, TokenStore tokens, CancellationToken stop)
        => Guid.TryParseExact(id, "N", out var token) && await tokens.RevokeAsync(http.Admission().Asker.Session, token, stop)
            ? new Answer(204)
            : Problems.Of(PlatformProblems.NotFound);

    private static TokenView View(ApiToken t)
        => new(t.Id.ToString("N"), t.Name, t.Scopes, t.Only, t.CreatedAt, t.ExpiresAt, t.LastUsedAt, t.LastUsedAddress);
}
