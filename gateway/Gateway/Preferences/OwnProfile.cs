using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Preferences;

/// <summary>Who is signed in, or whose API token asks.</summary>
/// <param name="Role">operator, admin or user.</param>
/// <param name="Login">The login name; for a user the mail address.</param>
/// <param name="Domains">What an administrator administers, in A-labels; of a token, those that it is limited to.</param>
/// <param name="PasswordChangeRequired">Whether the password is still the one that somebody else chose.</param>
/// <param name="SecondFactorEnrolmentRequired">Whether nothing is allowed before a second factor is set up.</param>
/// <param name="Language">ja or en; absent: not chosen.</param>
/// <param name="TimeZone">A name of the IANA time zone database; absent: not chosen.</param>
/// <param name="Theme">light, dark or system; absent: not chosen.</param>
/// <param name="RowsPerPage">How many rows of a list a page shows; absent: not chosen.</param>
/// <param name="Scopes">What the API token may do; absent when a session asks.</param>
public sealed record Me(
    string Role, string Login, IReadOnlyList<string> Domains, bool PasswordChangeRequired, bool SecondFactorEnrolmentRequired,
    string? Language = null, string? TimeZone = null, string? Theme = null, int? RowsPerPage = null, IReadOnlyList<string>? Scopes = null);

/// <summary>What somebody sees of themselves, and how they want to see the panel. It is one's own business, and no event.</summary>
public static class OwnProfile
{
    private const int FewestRows = 10, MostRows = 500;

    /// <summary><c>GET /api/v1/me</c> → 200.</summary>
    public static async Task<IResult> Read(HttpContext http, PreferenceStore preferences, CancellationToken stop)
    {
        var asker = http.Admission().Asker;
        return new Answer(200, View(asker, await preferences.ReadAsync(asker.Session, stop)));
    }

    /// <summary><c>PATCH /api/v1/me</c> → 200; what is absent or null is unchanged, and an empty text clears.</summary>
    public static async Task<IResult> Change(Preference body, HttpContext http, PreferenceStore preferences, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(body);
        List<Rejection> broken = [.. Broken(body)];
        if (broken.Count > 0) return Problems.Of(broken);
        var asker = http.Admission().Asker;
        if (http.Request.Query["dryRun"] != "true") await preferences.ChangeAsync(asker.Session, body, stop);
        return new Answer(200, View(asker, await preferences.ReadAsync(asker.Session, stop)));
    }

    /// <summary>Every rule that is broken; pure.</summary>
    public static IEnumerable<Rejection> Broken(Preference body)
    {
        ArgumentNullException.ThrowIfNull(body);
        if (body.Language is not (null or "" or "ja" or "en")) yield return new(GatewayProblems.LanguageUnknown, "language");
        if (body.TimeZone is { Length: > 0 } zone && !IsTimeZone(zone)) yield return new(GatewayProblems.TimeZoneUnknown, "timeZone");
        if (body.Theme is not (null or "" or "light" or "dark" or "system")) yield return new(GatewayProblems.ThemeUnknown, "theme");
        if (body.RowsPerPage is < FewestRows or > MostRows) yield return new(GatewayProblems.RowsRange, "rowsPerPage", ("min", FewestRows), ("max", MostRows));
    }

    // The system looks the name up as a file, so it must not lead out of the folder of time zones. Names of Windows are known on some
    // systems, too; browsers know IANA's only.
    private static bool IsTimeZone(string name)
        => name.Length <= 64 && char.IsAsciiLetterUpper(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '_' or '+' or '-')
            && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var known) && known.HasIanaId;

    private static Me View(Asker asker, Preference p) => new(
        asker.Session.Role, asker.Session.Login, asker.Session.Domains, asker.Session.PasswordChangeRequired, asker.Session.MustEnrol,
        p.Language, p.TimeZone, p.Theme, p.RowsPerPage, asker.Token?.Scopes);
}
