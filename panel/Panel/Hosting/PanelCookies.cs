namespace Hikyaku.Panel.Hosting;

/// <summary>
/// The panel's cookies. Sessions have two names, so that an administrator and a user can be signed in side by side in one browser;
/// they hold the gateway's token and nothing of them is kept here. The others are the choices of a browser in which nobody is signed in, no secrets.
/// </summary>
public static class PanelCookies
{
    /// <summary>The session of an operator or administrator.</summary>
    public const string Admin = "panel-admin";

    /// <summary>The session of a user.</summary>
    public const string User = "panel-user";

    /// <summary><c>ja</c> or <c>en</c>.</summary>
    public const string Language = "panel-language";

    /// <summary><c>light</c> or <c>dark</c>; absent: as the system has it.</summary>
    public const string Theme = "panel-theme";

    /// <summary>The time zone that the reader has chosen, an IANA name.</summary>
    public const string Zone = "panel-zone";

    /// <summary>The browser's time zone, which the script tells.</summary>
    public const string BrowserZone = "panel-browser-zone";

    private static readonly TimeSpan ChoiceLasts = TimeSpan.FromDays(365);

    /// <summary>Keeps a session in the browser; it ends with the gateway's.</summary>
    public static void SetSession(HttpContext http, string name, string token, DateTimeOffset expires)
        => http.Response.Cookies.Append(name, token, new() { HttpOnly = true, Secure = http.Request.IsHttps, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true, Expires = expires });

    /// <summary>Forgets a session.</summary>
    public static void EndSession(HttpContext http, string name)
        => http.Response.Cookies.Delete(name, new() { HttpOnly = true, Secure = http.Request.IsHttps, SameSite = SameSiteMode.Lax, Path = "/" });

    /// <summary>Keeps a choice, or forgets it.</summary>
    public static void Choose(HttpContext http, string name, string? value)
    {
        if (value is null) http.Response.Cookies.Delete(name, new() { Path = "/" });
        else http.Response.Cookies.Append(name, value, new() { HttpOnly = true, Secure = http.Request.IsHttps, SameSite = SameSiteMode.Lax, Path = "/", IsEssential = true, MaxAge = ChoiceLasts });
    }
}
