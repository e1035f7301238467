using Hikyaku.Platform;

namespace Hikyaku.Accounts.Credentials;

/// <summary>The password rules of ACC-2. A refusal names every broken one, and quotes nothing of the password except one character that is not allowed.</summary>
public static class PasswordRules
{
    /// <summary>The symbols a password may and must use.</summary>
    public const string Symbols = "#()+-.[]{}!<>_:*$@%^&,~";

    /// <summary>The fewest characters.</summary>
    public const int MinLength = 12;

    /// <summary>The most characters.</summary>
    public const int MaxLength = 128;

    private const int LongestDigitRun = 5;

    /// <summary>Every rule that the password breaks.</summary>
    /// <param name="password">As typed.</param>
    /// <param name="names">What it must not equal, in any case: account name, domain name, address, login.</param>
    /// <param name="field">The request's field.</param>
    public static IEnumerable<Rejection> Broken(string password, IReadOnlyCollection<string> names, string field = "password")
    {
        if (password.Length < MinLength) yield return new(AccountsProblems.PasswordTooShort, field, ("n", password.Length));
        if (password.Length > MaxLength) yield return new(AccountsProblems.PasswordTooLong, field, ("n", password.Length));
        if (!password.Any(char.IsAsciiLetterLower)) yield return new(AccountsProblems.PasswordNoLower, field);
        if (!password.Any(char.IsAsciiLetterUpper)) yield return new(AccountsProblems.PasswordNoUpper, field);
        if (!password.Any(char.IsAsciiDigit)) yield return new(AccountsProblems.PasswordNoDigit, field);
        if (!password.Any(Symbols.Contains)) yield return new(AccountsProblems.PasswordNoSymbol, field);
        if (FirstForeign(password) is { } foreign) yield return new(AccountsProblems.PasswordCharacters, field, ("c", foreign));
        if (password.Length > 0 && names.Contains(password, StringComparer.OrdinalIgnoreCase)) yield return new(AccountsProblems.PasswordIsName, field);
        if (DigitRun(password) > LongestDigitRun) yield return new(AccountsProblems.PasswordDigitRun, field);
    }

    private static string? FirstForeign(string password)
    {
        foreach (var rune in password.EnumerateRunes())
        {
            if (rune.IsAscii && (char.IsAsciiLetterOrDigit((char)rune.Value) || Symbols.Contains((char)rune.Value))) continue;
            return rune.ToString();
        }

        return null;
    }

    private static int DigitRun(string password)
    {
        var (run, longest) = (0, 0);
        foreach (var c in password)
        {
            run = char.IsAsciiDigit(c) ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }

        return longest;
    }
}
