using System.Globalization;
using System.Text;

namespace Hikyaku.Platform;

/// <summary>
/// A value as a text quotes it: a character that nobody sees, like NBSP or U+200B, stands as its code, so that the reader of a
/// refusal sees what was refused. Blanks between words stay, and so do marks on a letter.
/// </summary>
public static class VisibleText
{
    /// <summary>The value as it can be read: <c>U+200B</c> alone, <c>ta[U+200B]ro</c> within a text.</summary>
    public static string Of(string value)
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.All(c => c is > ' ' and <= '~')) return value;
        var runes = value.EnumerateRunes().ToList();
        if (runes is [var alone]) return IsSeen(alone, isFirst: true) && alone.Value != ' ' ? alone.ToString() : CodeOf(alone);
        var isBlank = runes.TrueForAll(r => r.Value == ' ');
        var text = new StringBuilder(value.Length);
        for (var i = 0; i < runes.Count; i++)
        {
            if (!isBlank && IsSeen(runes[i], isFirst: i == 0)) text.Append(runes[i]);
            else text.Append('[').Append(CodeOf(runes[i])).Append(']');
        }

        return text.ToString();
    }

    private static string CodeOf(Rune rune) => $"U+{rune.Value:X4}";

    private static bool IsSeen(Rune rune, bool isFirst) => Rune.GetUnicodeCategory(rune) switch
    {
        _ when rune.Value == ' ' => true,
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse => false,
        UnicodeCategory.NonSpacingMark => !isFirst && !ChangesNothing(rune.Value),
        _ => !IsFiller(rune.Value),
    };

    // Variation selectors and joiners, which are marks that have no shape of their own.
    private static bool ChangesNothing(int code) => code is 0x034F or 0x17B4 or 0x17B5 or (>= 0x180B and <= 0x180F) or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0100 and <= 0xE01EF);

    // Letters and a symbol that are as empty as a blank.
    private static bool IsFiller(int code) => code is 0x115F or 0x1160 or 0x2800 or 0x3164 or 0xFFA0;
}
