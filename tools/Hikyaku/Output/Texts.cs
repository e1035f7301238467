using System.Globalization;

namespace Hikyaku.CommandLine.Output;

/// <summary>Texts with placeholders.</summary>
internal static class Texts
{
    /// <summary>Fills in a text's placeholders.</summary>
    public static string Fill(string text, params object?[] values) => string.Format(CultureInfo.InvariantCulture, text, values);
}
