using System.Net;
using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Sessions;

/// <summary>One of one's own sessions.</summary>
/// <param name="Id">For ending it; not a secret.</param>
/// <param name="CreatedAt">When it began.</param>
/// <param name="ExpiresAt">When it ends by itself.</param>
/// <param name="Address">The IP address that signed in.</param>
/// <param name="Network">That address's network: IPv4 /24, IPv6 /64.</param>
/// <param name="Program">What the program that signed in calls itself (User-Agent); empty: nothing.</param>
/// <param name="LastUsedAt">When it was used last, to the minute.</param>
/// <param name="Current">Whether it is the one that asks.</param>
public sealed record SessionView(
    string Id, DateTimeOffset CreatedAt, DateTimeOffset ExpiresAt, string Address, string Network, string Program, DateTimeOffset LastUsedAt, bool Current);

/// <summary>One's own sessions, newest first; there are never more than <see cref="SessionStore.MaxPerLogin"/>.</summary>
public sealed record SessionList(IReadOnlyList<SessionView> Items);

/// <summary>What somebody does with their own sessions.</summary>
public static class OwnSessions
{
    /// <summary><c>GET /api/v1/me/sessions</c>.</summary>
    public static async Task<IResult> List(HttpContext http, SessionStore sessions, CancellationToken stop)
    {
        var mine = http.Admission().Asker.Session;
        var items = new List<SessionView>();
        foreach (var s in await sessions.OfSameLoginAsync(mine, stop))
            items.Add(new(s.Id.ToString("N"), s.CreatedAt, s.ExpiresAt, s.Address, ClientNetwork.Of(IPAddress.Parse(s.Address)), s.Program, s.LastUsedAt, s.Id == mine.Id));
        return new Answer(200, new SessionList(items));
    }

    /// <summary><c>DELETE /api/v1/me/sessions/{id}</c> → 204; 404 when it is none of one's own.</summary>
    public static async Task<IResult> End(string id, HttpContext http, SessionStore sessions, CancellationToken stop)
        => Guid.TryParseExact(id, "N", out var session) && await sessions.EndAsync(http.Admission().Asker.Session, session, stop)
            ? new Answer(204)
            : Problems.Of(PlatformProblems.NotFound);

    /// <summary><c>DELETE /api/v1/me/sessions</c> → 204: all of one's own but the one that asks.</summary>
    public static async Task<IResult> EndOthers(HttpContext http, SessionStore sessions, CancellationToken stop)
    {
        await sessions.EndOthersAsync(http.Admission().Asker.Session, stop);
        return new Answer(204);
    }

    /// <summary><c>DELETE /api/v1/sessions/current</c> → 204, and the cookie is gone.</summary>
    public static async Task<IResult> SignOut(HttpContext http, SessionStore sessions)
    {
        var asker = http.Admission().Asker;
        // The request's cancellation does not count: whoever closes the window while signing out is signed out.
        await sessions.EndAsync(asker.TokenHash, CancellationToken.None);
        SessionCookies.Remove(http, asker.Session);
        return new Answer(204);
    }
}
