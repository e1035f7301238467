using System.Globalization;
using System.Text;

namespace Hikyaku.Accounts.Files;

/// <summary>A character as a problem names it: one that nobody sees, like NBSP or U+200B, by its code.</summary>
internal static class VisibleCharacter
{
    /// <summary>The character, or its code.</summary>
    public static string Of(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
            or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse or UnicodeCategory.NonSpacingMark => $"U+{rune.Value:X4}",
        _ => rune.ToString(),
    };
}
