using System.Globalization;
using System.Text;

namespace Hikyaku.Copier;

/// <summary>Makes one part of a folder's path fit for the destination, which stores it as the name of a directory.</summary>
internal static class FolderName
{
    // A directory's name has 255 bytes; some are left for a number at the end.
    private const int MaxEncodedBytes = 240;

    // Dovecot's maildir keeps mail in directories of these names.
    private static readonly string[] Reserved = ["cur", "new", "tmp", ".", ".."];

    /// <summary>A name that can be made, and the same whenever the given one is.</summary>
    /// <param name="part">The part as the source has it.</param>
    /// <param name="separator">The destination's separator.</param>
    public static string Fit(string part, char separator)
    {
        var name = new string([.. RoleNames.Composed(part, NormalizationForm.FormC).Where(c => !IsInvisible(c)).Select(c => IsTaken(c, separator) ? '_' : c)]).Trim();
        if (name.Length == 0 || Reserved.Contains(name, StringComparer.OrdinalIgnoreCase)) name += "_";
        if (name[0] == '~') name = "_" + name[1..];
        return Shortened(name);
    }

    /// <summary>The name for the second, third, … folder that would have the same one.</summary>
    public static string Numbered(string name, int number) => string.Create(CultureInfo.InvariantCulture, $"{name} ({number})");

    private static bool IsInvisible(char c) => char.IsControl(c) || c is '\uFEFF' or '\u2028' or '\u2029';

    private static bool IsTaken(char c, char separator) => c == separator || c is '/' or '*' or '%' or '\uFFFD';

    private static string Shortened(string name)
    {
        if (ModifiedUtf7.Encode(name).Length <= MaxEncodedBytes) return name;
        var parts = StringInfo.ParseCombiningCharacters(name);
        var last = parts.Length - 1;
        while (last > 0 && ModifiedUtf7.Encode(name[..parts[last]]).Length > MaxEncodedBytes) last--;
        return last > 0 ? name[..parts[last]].TrimEnd() : "_";
    }
}
