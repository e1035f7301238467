namespace Hikyaku.Accounts.Credentials;

/// <summary>
/// Whether a password is easy to guess: zxcvbn's score (0 to 4, from the guesses an attacker needs) is below 3. Words, names,
/// keyboard rows, dates and repetitions count little, and what is known of the account counts nothing.
/// </summary>
public static class GuessablePassword
{
    // The estimate takes more than linear time: 25 ms for 64 hostile characters, 50 ms for 100. Further characters do not make a password weaker.
    private const int JudgedLength = 64;
    private const int LowestGoodScore = 3;

    // Reads its word lists when it is made, about 15 ms; judging changes nothing in it.
    private static readonly Zxcvbn.Zxcvbn Estimate = new();

    /// <summary>Judges a password of an account.</summary>
    /// <param name="password">As typed; its first 64 characters count.</param>
    /// <param name="name">The part of the address before the @, which anybody would try.</param>
    /// <param name="domain">In A-labels.</param>
    public static bool Is(string password, string name, string domain)
    {
        string[] known = [name, domain, $"{name}@{domain}", .. domain.Split('.')];
        return Estimate.EvaluatePassword(Judged(password), known.Select(Judged).Where(k => k.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase)).Score < LowestGoodScore;
    }

    private static string Judged(string text) => text.Length <= JudgedLength ? text : text[..JudgedLength];
}
