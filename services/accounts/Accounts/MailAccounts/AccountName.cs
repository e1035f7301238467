using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// The rule of ACC-1 for the part before the @: 2 to 32 ASCII letters, digits, '-', '_' and '.', beginning and ending with
/// a letter or digit, no two dots in a row (RFC 5321 has no such address). Case does not matter: lower case is kept.
/// </summary>
public static class AccountName
{
    /// <summary>The fewest characters.</summary>
    public const int MinLength = 2;

    /// <summary>The most characters.</summary>
    public const int MaxLength = 32;

    /// <summary>Every rule that the name breaks.</summary>
    public static IEnumerable<Rejection> Broken(string name, string field = "name")
    {
        if (name.Length is < MinLength or > MaxLength) yield return new(AccountsProblems.NameLength, field);
        if (name.FirstOrDefault(IsFullWidth) is var wide and not '\0') yield return new(AccountsProblems.NameFullWidth, field, ("c", wide));
        if (FirstForeign(name) is { } foreign) yield return new(AccountsProblems.NameCharacters, field, ("c", foreign));
        if (name.Length > 0 && (IsMark(name[0]) || IsMark(name[^1]))) yield return new(AccountsProblems.NameEdge, field);
        if (name.Contains("..", StringComparison.Ordinal)) yield return new(AccountsProblems.NameDots, field);
    }

    private static bool IsMark(char c) => c is '-' or '_' or '.';

    // What an input method types for ASCII: FF01–FF5E, and the ideographic space.
    private static bool IsFullWidth(char c) => c is (>= '\uFF01' and <= '\uFF5E') or '\u3000';

    private static string? FirstForeign(string name)
    {
        foreach (var rune in name.EnumerateRunes())
        {
            var known = rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || IsMark((char)rune.Value));
            if (known || (rune.IsBmp && IsFullWidth((char)rune.Value))) continue;
            return rune.ToString();
        }

        return null;
    }
}
