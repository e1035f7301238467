using System.Globalization;
using System.Text;
using Wcwidth;

namespace Hikyaku.CommandLine.Output;

/// <summary>
/// Texts of others on a terminal. A comment, a subject or a domain may have characters that move the cursor, change the title or turn the
/// direction of what follows: each stands as its code.
/// </summary>
public static class TerminalText
{
    /// <summary>The text as it may be written: <c>&lt;U+001B&gt;</c> for what a terminal obeys or nobody sees.</summary>
    public static string Visible(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.All(c => c is >= ' ' and <= '~')) return text;
        var visible = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes()) _ = IsHarmless(rune) ? visible.Append(rune) : visible.Append(CultureInfo.InvariantCulture, $"<U+{rune.Value:X4}>");
        return visible.ToString();
    }

    /// <summary>Whether a terminal only shows it.</summary>
    public static bool IsHarmless(Rune rune) => Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned);

    /// <summary>How many columns it takes: two for each wide or full-width character (UAX 11).</summary>
    public static int Width(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.EnumerateRunes().Sum(r => Math.Max(0, UnicodeCalculator.GetWidth(r)));
    }

    /// <summary>Fills it up to so many columns.</summary>
    public static string Pad(string text, int columns, bool atRight = true)
    {
        var blanks = new string(' ', Math.Max(0, columns - Width(text)));
        return atRight ? text + blanks : blanks + text;
    }
}
