using System.Collections.Frozen;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Diagnostics;

namespace Hikyaku.Panel.Hosting;

/// <summary>Who is signed in, as the gateway says.</summary>
/// <param name="Role">operator, admin or user.</param>
/// <param name="Login">A name; for a user the mail address.</param>
/// <param name="Domains">What an administrator administers, in A-labels.</param>
/// <param name="PasswordChangeRequired">Whether the password is still the one that somebody else chose.</param>
/// <param name="SecondFactorEnrolmentRequired">Whether nothing is allowed before a second factor is set up.</param>
/// <param name="Language">ja or en; null: not chosen.</param>
/// <param name="TimeZone">An IANA name; null: not chosen.</param>
/// <param name="Theme">light, dark or system; null: not chosen.</param>
public sealed record Me(
    string Role, string Login, IReadOnlyList<string> Domains, bool PasswordChangeRequired, bool SecondFactorEnrolmentRequired,
    string? Language = null, string? TimeZone = null, string? Theme = null);

/// <summary>Who reads this page: the shell that its address belongs to, the session of that shell, and the reader's choices.</summary>
public sealed class Reader(IHttpContextAccessor accessor)
{
    private const string DefaultZone = "Asia/Tokyo";
    private static readonly object MeKey = new();
    private static readonly FrozenSet<char> TokenMarks = ['-', '_', '.', '~', '+', '/', '='];

    private HttpContext Http => accessor.HttpContext ?? throw new InvalidOperationException("Pages are drawn within requests");

    /// <summary>The address that the browser asked for, also while an error page is drawn in its place.</summary>
    public string Path => (Http.Features.Get<IStatusCodeReExecuteFeature>()?.OriginalPath ?? Http.Features.Get<IExceptionHandlerPathFeature>()?.Path ?? Http.Request.Path.Value) ?? "/";

    /// <summary>The same with its query, for links that come back here.</summary>
    public string PathAndQuery => Http.Features.Get<IStatusCodeReExecuteFeature>() is { } before ? before.OriginalPath + before.OriginalQueryString : Http.Request.Path + Http.Request.QueryString;

    /// <summary>Whether the page is the users' one.</summary>
    public bool InUserShell => IsUserPath(Path);

    /// <summary>The cookie of the shell's session.</summary>
    public string CookieName => InUserShell ? PanelCookies.User : PanelCookies.Admin;

    /// <summary>The gateway's token; null when nobody is signed in. What cannot be one is none.</summary>
    public string? Token => Http.Request.Cookies[CookieName] is { Length: > 0 and <= 512 } token && token.All(c => char.IsAsciiLetterOrDigit(c) || TokenMarks.Contains(c)) ? token : null;

    /// <summary>Who is signed in; null on pages that anybody may see.</summary>
    public Me? Me
    {
        get => Http.Items[MeKey] as Me;
        set => Http.Items[MeKey] = value;
    }

    /// <summary>Whether it is an operator.</summary>
    public bool IsOperator => Me?.Role == Roles.Operator;

    /// <summary>The first page of the shell.</summary>
    public string Home => InUserShell ? "/mail" : "/";

    /// <summary>Where one signs in to the shell.</summary>
    public string SignInPath => InUserShell ? "/mail/login" : "/login";

    /// <summary>light or dark; null when the system decides. What somebody has chosen counts on every device, what nobody has chosen in this browser.</summary>
    public string? Theme => (Me?.Theme ?? Http.Request.Cookies[PanelCookies.Theme]) is ("light" or "dark") and var theme ? theme : null;

    /// <summary>The reader's time zone: the chosen one, else the browser's, else Japan's.</summary>
    public TimeZoneInfo Zone => ZoneOf(Me?.TimeZone) ?? ZoneOf(Http.Request.Cookies[PanelCookies.Zone]) ?? ZoneOf(Http.Request.Cookies[PanelCookies.BrowserZone]) ?? TimeZoneInfo.FindSystemTimeZoneById(DefaultZone);

    /// <summary>Whether an address belongs to the users' shell.</summary>
    public static bool IsUserPath(string path) => path == "/mail" || path.StartsWith("/mail/", StringComparison.Ordinal);

    /// <summary>A time zone by its name; null when there is none of that name.</summary>
    public static TimeZoneInfo? ZoneOf(string? name) => name is { Length: > 0 and <= 64 } && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;
}
