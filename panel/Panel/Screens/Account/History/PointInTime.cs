using System.Globalization;

namespace Hikyaku.Panel.Screens.Account.History;

/// <summary>A time in an address: as links have it (RFC 3339), or as people type it in their own time zone.</summary>
public static class PointInTime
{
    private static readonly string[] Typed = ["yyyy/M/d H:mm:ss", "yyyy/M/d H:mm", "yyyy/M/d", "yyyy-M-d H:mm:ss", "yyyy-M-d H:mm", "yyyy-M-d", "yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm:ss"];

    /// <summary>Reads it; null when it is none. Pages show seconds, so what is typed with seconds is the end of that second.</summary>
    public static DateTimeOffset? Read(string? text, TimeZoneInfo zone)
    {
        ArgumentNullException.ThrowIfNull(zone);
        var given = text?.Trim() ?? "";
        if (DateTime.TryParseExact(given, Typed, CultureInfo.InvariantCulture, DateTimeStyles.None, out var local))
            return zone.IsInvalidTime(local) ? null : new DateTimeOffset(local, zone.GetUtcOffset(local)) + (local.Second > 0 ? TimeSpan.FromSeconds(1) - TimeSpan.FromTicks(1) : TimeSpan.Zero);
        var hasOffset = given.EndsWith('Z') || (given.Length > 6 && given[^6] is '+' or '-');
        return hasOffset && DateTimeOffset.TryParse(given, CultureInfo.InvariantCulture, DateTimeStyles.None, out var at) ? at : null;
    }
}
