using System.Globalization;

namespace Hikyaku.CommandLine;

/// <summary>What a command has around it.</summary>
/// <param name="Variable">The variables of the environment.</param>
/// <param name="Home">The user's own folder.</param>
/// <param name="In">Opens standard input.</param>
/// <param name="Out">What was asked for.</param>
/// <param name="Error">All else.</param>
/// <param name="Zone">In which times are shown.</param>
public sealed record Surroundings(Func<string, string?> Variable, string Home, Func<Stream> In, TextWriter Out, TextWriter Error, TimeZoneInfo Zone)
{
    private static readonly string[] Locales = ["LC_ALL", "LC_MESSAGES", "LANG"]; // the first that is set counts

    /// <summary>Japanese or English, as the locale for messages says (POSIX, chapter 8.2).</summary>
    public CultureInfo Language
    {
        get
        {
            var locale = Locales.Select(Variable).FirstOrDefault(v => !string.IsNullOrEmpty(v));
            return CultureInfo.GetCultureInfo(locale?.StartsWith("ja", StringComparison.OrdinalIgnoreCase) == true ? "ja" : "en");
        }
    }
}
