using System.Globalization;

namespace Hikyaku.MailNode;

/// <summary>The times that Postfix and Dovecot begin the lines of their logs with, like <c>Nov 29 12:31:04 </c>: local, without a year.</summary>
internal static class LogTime
{
    /// <summary>How long one is, with the blank after it.</summary>
    public const int Length = 16;

    /// <summary>Reads it; null when the line begins otherwise.</summary>
    /// <param name="line">The line.</param>
    /// <param name="now">By which the year is known: a line is not of the future, but for a little, as clocks are set.</param>
    public static DateTimeOffset? Read(string line, DateTimeOffset now)
    {
        if (line.Length < Length || line[Length - 1] != ' ') return null;
        var local = TimeZoneInfo.ConvertTime(now, TimeZoneInfo.Local);
        foreach (var year in new[] { local.Year + 1, local.Year, local.Year - 1 })
        {
            // With the year in it: 29 February is a day in some years only.
            var text = string.Create(CultureInfo.InvariantCulture, $"{year:0000} {line.AsSpan(0, Length - 1)}");
            if (!DateTime.TryParseExact(text, "yyyy MMM d HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AllowInnerWhite, out var time)) continue;
            var at = new DateTimeOffset(time, TimeZoneInfo.Local.GetUtcOffset(time)).ToUniversalTime();
            if (at <= now.AddDays(1)) return at;
        }

        return null;
    }
}
