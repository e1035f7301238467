using Hikyaku.Platform;

namespace Hikyaku.Gateway.Sessions;

/// <summary>
/// The cookies of the two panels. They have two names so that an administrator and a user can be signed in side by side in one
/// browser; the panel says by <see cref="ChoiceHeader"/> as whom it asks.
/// </summary>
public static class SessionCookies
{
    /// <summary>Of operators and administrators.</summary>
    public const string Admin = "hikyaku-admin";

    /// <summary>Of users.</summary>
    public const string User = "hikyaku-user";

    /// <summary>Names the session that is meant: <c>admin</c> or <c>user</c>. Without it, admin if there is one.</summary>
    public const string ChoiceHeader = "X-Hikyaku-Session";

    /// <summary>The token in the cookie that is meant; null when it is not there.</summary>
    public static string? Read(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        return request.Headers[ChoiceHeader].ToString() switch
        {
            "admin" => request.Cookies[Admin],
            "user" => request.Cookies[User],
            _ => request.Cookies[Admin] ?? request.Cookies[User],
        };
    }

    /// <summary>Sets the cookie of a new session.</summary>
    public static void Set(HttpContext http, Session session, string token)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(session);
        http.Response.Cookies.Append(NameFor(session.Role), token, Options(http, session.ExpiresAt));
    }

    /// <summary>Takes the cookie of an ended session away.</summary>
    public static void Remove(HttpContext http, Session session)
    {
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(session);
        http.Response.Cookies.Delete(NameFor(session.Role), Options(http, null));
    }

    private static string NameFor(string role) => role == Roles.User ? User : Admin;

    private static CookieOptions Options(HttpContext http, DateTimeOffset? expires) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = http.Request.IsHttps,
        Path = "/",
        IsEssential = true,
        Expires = expires,
    };
}
