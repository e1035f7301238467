using System.Globalization;

namespace Hikyaku.Panel.Parts;

/// <summary>Numbers, sizes and times as the reader's language writes them.</summary>
public static class Format
{
    private const int MbPerGb = 1024;
    private static readonly IdnMapping Idn = new();

    /// <summary>Whether the page is in Japanese.</summary>
    public static bool IsJapanese => CultureInfo.CurrentUICulture.TwoLetterISOLanguageName == "ja";

    /// <summary>Fills in a text's placeholders.</summary>
    public static string Fill(string text, params object?[] values) => string.Format(CultureInfo.CurrentCulture, text, values);

    /// <summary>A number with separators.</summary>
    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A capacity given in MB: from 1,024 MB on in GB with one decimal.</summary>
    public static string Capacity(long mb) => mb < MbPerGb ? $"{Number(mb)} MB" : $"{(mb / (double)MbPerGb).ToString("N1", CultureInfo.InvariantCulture)} GB";

    /// <summary>A time as tables show it.</summary>
    public static string Time(DateTimeOffset time, TimeZoneInfo zone, bool seconds = false)
        => TimeZoneInfo.ConvertTime(time, zone).ToString((IsJapanese ? "yyyy/MM/dd HH:mm" : "yyyy-MM-dd HH:mm") + (seconds ? ":ss" : ""), CultureInfo.InvariantCulture);

    /// <summary>The time of the day.</summary>
    public static string Clock(DateTimeOffset time, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(time, zone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A domain in the script that people read; the same when that is what it is, or when it is none.</summary>
    public static string ULabels(string domain)
    {
        try
        {
            return Idn.GetUnicode(domain);
        }
        catch (ArgumentException)
        {
            return domain;
        }
    }
}
