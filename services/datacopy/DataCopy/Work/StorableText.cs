using System.Globalization;
using System.Text;

namespace Hikyaku.DataCopy.Work;

/// <summary>
/// Texts of sources as PostgreSQL can store them: it knows no NUL and no half of a surrogate pair, both of which a hostile source may put into
/// subjects, certificates and names of folders.
/// </summary>
internal static class StorableText
{
    /// <summary>The text with U+FFFD for what cannot be stored; for people.</summary>
    public static string Of(string text)
        => text.All(c => c != '\0' && !char.IsSurrogate(c)) ? text : string.Concat(text.EnumerateRunes().Select(r => r.Value == 0 ? Rune.ReplacementChar : r));

    /// <summary>The text with escapes for what cannot be stored, so that different texts stay different; for keys.</summary>
    public static string KeyOf(string text)
    {
        if (text.All(c => c is not ('\0' or '\\') && !char.IsSurrogate(c))) return text;
        var key = new StringBuilder(text.Length + 8);
        foreach (var c in text)
        {
            if (c is '\0' or '\\' || char.IsSurrogate(c)) key.Append(CultureInfo.InvariantCulture, $"\\{(int)c:X4}");
            else key.Append(c);
        }

        return key.ToString();
    }
}
