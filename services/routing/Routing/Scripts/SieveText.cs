using System.Text;

namespace Hikyaku.Routing.Scripts;

/// <summary>
/// Writes what people typed as strings of Sieve (RFC 5228, 2.4.2), so that it is text there and nothing else. With the extension
/// <c>variables</c> (RFC 5229) a string may hold <c>${name}</c>: every dollar sign is written as a variable whose value is a dollar sign,
/// and values are not looked at again.
/// </summary>
internal static class SieveText
{
    /// <summary>The command that gives the variable its value; before every string that is written here.</summary>
    public const string DollarVariable = "set \"dollar\" \"$\";";

    /// <summary>A quoted string.</summary>
    public static string Quote(string text)
    {
        var quoted = new StringBuilder("\"", text.Length + 8);
        foreach (var c in text)
        {
            if (c is '"' or '\\') quoted.Append('\\').Append(c);
            else if (c == '$') quoted.Append("${dollar}");
            else quoted.Append(c);
        }

        return quoted.Append('"').ToString();
    }

    // One character of JIS X 0208 or of Shift_JIS's ASCII, which iconv and Windows translate into two of Unicode: Dovecot reads the
    // second one in old Japanese mail where people type, and see, the first one.
    private static readonly string[] Twins = ["～〜", "－−", "∥‖", "—―", "￠¢", "￡£", "￢¬", "\\¥", "~‾"];

    /// <summary>
    /// A test whether a header field contains a text, in any case. Sieve's comparator ignores the case of ASCII alone (RFC 4790, 9.2), so
    /// that a text with characters that may stand there in another form is looked for by a regular expression that names all forms.
    /// </summary>
    public static string Contains(string field, string text)
        => text.EnumerateRunes().Any(r => Forms(r).Count > 1) ? $"header :regex {Quote(field)} {Quote(Pattern(text))}" : $"header :contains {Quote(field)} {Quote(text)}";

    // Both cases, and the twin.
    private static IReadOnlyList<Rune> Forms(Rune rune)
    {
        if (Twins.FirstOrDefault(t => t.EnumerateRunes().Contains(rune)) is { } twins) return [.. twins.EnumerateRunes()];
        var (lower, upper) = (Rune.ToLowerInvariant(rune), Rune.ToUpperInvariant(rune));
        return rune.IsAscii || lower == upper ? [rune] : [lower, upper];
    }

    // POSIX extended (regex(7)); bytes beyond ASCII are compared as they are, so each form stands there as an alternative.
    private static string Pattern(string text)
    {
        var pattern = new StringBuilder(text.Length * 4);
        foreach (var rune in text.EnumerateRunes())
        {
            var forms = string.Join('|', Forms(rune).Select(EscapedInPattern));
            pattern.Append(Forms(rune).Count > 1 ? $"({forms})" : forms);
        }

        return pattern.ToString();
    }

    private static string EscapedInPattern(Rune rune) => rune.Value switch
    {
        '^' or '\\' => $"\\{rune}",
        '.' or '[' or ']' or '$' or '(' or ')' or '|' or '*' or '+' or '?' or '{' or '}' => $"[{rune}]",
        _ => rune.ToString(),
    };
}
