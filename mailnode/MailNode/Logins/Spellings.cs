using System.Globalization;
using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// How a domain may be written in a login (rule ACC-15): in full width, with an ideographic full stop, in capitals of any script, with
/// accents apart. SQLite knows no Unicode, so the replica has what Dovecot's query needs (dovecot/sql.conf) to read a name as
/// <see cref="Platform.InternetNames"/> does: for each character that means others, these; and which two characters are one.
/// </summary>
internal static class Spellings
{
    // The planes of writing; what is above them has no other spelling that a domain may have.
    private const int End = 0x30000;

    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true, AllowUnassigned = false };
    private static readonly Lazy<string> Made = new(Make);

    /// <summary>SQL that makes the tables and fills them.</summary>
    public static string Tables => Made.Value;

    private static string Make()
    {
        var (meant, composed) = (new List<string>(), new List<string>());
        foreach (var rune in Enumerable.Range(0x80, End - 0x80).Where(Rune.IsValid).Select(c => new Rune(c)))
        {
            if (Rune.GetUnicodeCategory(rune) is UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse) continue;
            var written = rune.ToString();
            if (MeaningOf(written) is { } meaning && meaning != written) meant.Add(Row(written, meaning));
            if (written.Normalize(NormalizationForm.FormC) == written && PairOf(written) is { } pair) composed.Add(Row(pair, written));
        }

        return $"""
            -- Characters of a domain as they may be written, and what they mean.
            CREATE TABLE spelling (character TEXT PRIMARY KEY, meaning TEXT NOT NULL) STRICT, WITHOUT ROWID;
            -- A character and a mark behind it, which together are one.
            CREATE TABLE composition (pair TEXT PRIMARY KEY, character TEXT NOT NULL) STRICT, WITHOUT ROWID;
            INSERT INTO spelling VALUES {string.Join(',', meant)};
            INSERT INTO composition VALUES {string.Join(',', composed)};

            """;
    }

    // Null if no domain can have it.
    private static string? MeaningOf(string written)
    {
        var plain = written.Normalize(NormalizationForm.FormKC).ToLowerInvariant();
        // Most characters are letters without a case, of which UTS-46 says nothing else than NFKC.
        if (plain == written && Rune.GetUnicodeCategory(Rune.GetRuneAt(written, 0)) == UnicodeCategory.OtherLetter) return written;
        try
        {
            var read = Idn.GetUnicode(Idn.GetAscii($"a{plain}b.jp"));
            return read.StartsWith('a') ? read[1..^4] : plain; // else it has become one with the letter before it
        }
        catch (ArgumentException)
        {
            return plain == written ? null : plain; // not here; perhaps at another place of a name
        }
    }

    // Null if it is not made of two characters.
    private static string? PairOf(string character)
    {
        var runes = character.Normalize(NormalizationForm.FormD).EnumerateRunes().ToList();
        if (runes.Count < 2) return null;
        var first = string.Concat(runes[..^1]).Normalize(NormalizationForm.FormC);
        return first.EnumerateRunes().Count() == 1 ? first + runes[^1] : null;
    }

    private static string Row(string key, string value) => $"('{key}','{value.Replace("'", "''", StringComparison.Ordinal)}')";
}
