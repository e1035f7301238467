using System.Globalization;
using System.Text;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// Spellings of a mail address that all mean it (rule ACC-15), generated: domains in full width, with ideographic full stops, in U-labels,
/// with accents apart, in half-width katakana; `＠`; any case; and blanks around it, as a login may have.
/// </summary>
public static class SpelledAddress
{
    /// <summary>Some spellings without blanks around them, the same ones for a seed. The first has full width, `。` and `＠` throughout.</summary>
    public static IReadOnlyList<string> Some(string address, int count, int seed)
    {
        var random = new Random(seed);
        return [Widest(address), .. Enumerable.Range(1, count - 1).Select(_ => Of(address, random, withBlanks: false))];
    }

    /// <summary>The same with blanks around them.</summary>
    public static IReadOnlyList<string> SomeWithBlanks(string address, int count, int seed)
    {
        var random = new Random(seed);
        return [$"\u3000{Widest(address)} ", .. Enumerable.Range(1, count - 1).Select(_ => Of(address, random, withBlanks: true))];
    }

    /// <summary>One spelling of an address, whose domain may be in A-labels or U-labels.</summary>
    public static string Of(string address, Random random, bool withBlanks)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(random);
        var at = address.IndexOf('@', StringComparison.Ordinal);
        var (local, domain) = (address[..at], new IdnMapping().GetUnicode(address[(at + 1)..]));
        var text = new StringBuilder();
        if (withBlanks && random.Next(3) == 0) text.Append(' ');
        text.Append(random.Next(2) == 0 ? char.ToUpperInvariant(local[0]) + local[1..] : local).Append(random.Next(2) == 0 ? '@' : '＠');
        if (random.Next(3) == 0) domain = new IdnMapping().GetAscii(domain);
        if (random.Next(3) == 0) domain = domain.Normalize(NormalizationForm.FormD);
        foreach (var c in domain) text.Append(Spelled(c, random));
        if (withBlanks && random.Next(3) == 0) text.Append('\u3000');
        return text.ToString();
    }

    private static string Widest(string address)
    {
        var at = address.IndexOf('@', StringComparison.Ordinal);
        return $"{address[..at]}＠{string.Concat(address[(at + 1)..].Select(c => c == '.' ? '。' : c is > ' ' and <= '~' ? (char)(c + 0xFEE0) : c))}";
    }

    private static string Spelled(char c, Random random) => random.Next(4) switch
    {
        0 when c == '.' => random.Next(3) switch { 0 => "。", 1 => "．", _ => "｡" },
        0 or 1 when c is > ' ' and <= '~' and not '.' => ((char)(c + 0xFEE0)).ToString(),
        2 when c != 'ß' => c.ToString().ToUpperInvariant(),
        3 when HalfWidth(c) is { } half => half,
        _ => c.ToString(),
    };

    // Katakana has half-width forms, in which a voicing mark is a character of its own.
    private static string? HalfWidth(char c)
    {
        for (var half = '\uFF66'; half <= '\uFF9D'; half++)
        {
            if (half.ToString().Normalize(NormalizationForm.FormKC) == c.ToString()) return half.ToString();
            foreach (var mark in "\uFF9E\uFF9F")
            {
                if ($"{half}{mark}".Normalize(NormalizationForm.FormKC) == c.ToString()) return $"{half}{mark}";
            }
        }

        return null;
    }
}
