namespace Hikyaku.Panel.Screens.Account.Autoreply;

/// <summary>The characters that an autoreply must not have, and what stands in their place (RTE-7): the API names them one by one, here all are replaced at once.</summary>
public static class RefusedCharacters
{
    private static readonly (string Refused, string Instead)[] All =
    [
        ("\u2015", "-"), ("\uFF0D", "-"), ("\u2212", "-"), ("\uFF5E", "~"), ("\u301C", "~"), ("\u2225", "||"), ("\u2016", "||"),
        ("\uFFE0", "セント"), ("\u00A2", "セント"), ("\uFFE1", "ポンド"), ("\u00A3", "ポンド"), ("\uFFE2", "not"), ("\u00AC", "not"),
    ];

    /// <summary>A text without them.</summary>
    public static string Replace(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return All.Aggregate(text, (t, c) => t.Replace(c.Refused, c.Instead, StringComparison.Ordinal));
    }
}
