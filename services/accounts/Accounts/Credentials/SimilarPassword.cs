namespace Hikyaku.Accounts.Credentials;

/// <summary>
/// Whether a new password is similar to the one it replaces: somebody who knows the old one would find the new one within a few tries.
/// Case does not count. Two passwords are similar if a few corrections make one of the other (at most three characters added,
/// removed, replaced or swapped with the next), or if one run of characters that both have is at least half of the shorter one,
/// as when a counter, a year or a word is put at an end.
/// </summary>
public static class SimilarPassword
{
    /// <summary>The most corrections that still leave it similar.</summary>
    public const int MaxCorrections = 3;

    /// <summary>Compares two passwords; the same either way round. Longer ones than ACC-2 allows are refused anyway and not compared.</summary>
    public static bool Is(string current, string replacement)
    {
        if (current.Length > PasswordRules.MaxLength || replacement.Length > PasswordRules.MaxLength) return false;
        var (a, b) = (current.ToLowerInvariant(), replacement.ToLowerInvariant());
        return Corrections(a, b) <= MaxCorrections || 2 * LongestCommonRun(a, b) >= Math.Max(1, Math.Min(a.Length, b.Length));
    }

    // The unrestricted Damerau-Levenshtein distance: a corrected character may be corrected again, so that three corrections never count
    // as more. Row and column 0 are the border that nothing is swapped across.
    private static int Corrections(string a, string b)
    {
        var far = a.Length + b.Length;
        var table = new int[a.Length + 2, b.Length + 2];
        for (var i = 0; i <= a.Length; i++) (table[i + 1, 0], table[i + 1, 1]) = (far, i);
        for (var j = 0; j <= b.Length; j++) (table[0, j + 1], table[1, j + 1]) = (far, j);
        table[0, 0] = far;
        var rowOf = new Dictionary<char, int>(); // where a character of b was last met in a
        for (var i = 1; i <= a.Length; i++)
        {
            var column = 0; // where this character of a was last met in b
            for (var j = 1; j <= b.Length; j++)
            {
                var row = rowOf.GetValueOrDefault(b[j - 1]);
                var swapped = table[row, column] + (i - row - 1) + 1 + (j - column - 1);
                var replaced = table[i, j] + (a[i - 1] == b[j - 1] ? 0 : 1);
                var addedOrRemoved = 1 + Math.Min(table[i, j + 1], table[i + 1, j]);
                table[i + 1, j + 1] = Math.Min(Math.Min(replaced, addedOrRemoved), swapped);
                if (a[i - 1] == b[j - 1]) column = j;
            }

            rowOf[a[i - 1]] = i;
        }

        return table[a.Length + 1, b.Length + 1];
    }

    private static int LongestCommonRun(string a, string b)
    {
        var (runs, longest) = (new int[b.Length + 1], 0);
        foreach (var c in a)
        {
            for (var j = b.Length; j > 0; j--)
            {
                runs[j] = c == b[j - 1] ? runs[j - 1] + 1 : 0;
                longest = Math.Max(longest, runs[j]);
            }
        }

        return longest;
    }
}
