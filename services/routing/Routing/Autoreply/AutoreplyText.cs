using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Routing.Autoreply;

/// <summary>
/// The rule RTE-7 for the text of an autoreply: 600 units at most, where ASCII, half-width kana and a line break count one and every other
/// character two; and none of the characters that come out differently in the encodings of old mail programs.
/// </summary>
internal static class AutoreplyText
{
    /// <summary>The most units.</summary>
    public const int MostUnits = 600;

    // Each with what may stand in its place.
    private static readonly Dictionary<int, string> Refused = new()
    {
        [0x2015] = "-",
        [0xFF5E] = "~",
        [0x301C] = "~",
        [0x2225] = "||",
        [0x2016] = "||",
        [0xFF0D] = "-",
        [0x2212] = "-",
        [0xFFE0] = "セント",
        [0x00A2] = "セント",
        [0xFFE1] = "ポンド",
        [0x00A3] = "ポンド",
        [0xFFE2] = "not",
        [0x00AC] = "not",
    };

    /// <summary>The text as it is stored: line ends are single.</summary>
    public static string Normalize(string? text) => (text ?? "").ReplaceLineEndings("\n");

    /// <summary>How many units a text takes.</summary>
    public static int UnitsOf(string text) => text.EnumerateRunes().Sum(r => r.IsAscii || r.Value is >= 0xFF61 and <= 0xFF9F ? 1 : 2);

    /// <summary>Every rule that a text breaks.</summary>
    /// <param name="text">Normalized.</param>
    /// <param name="refuse">Whether the refused characters are refused: the operator may switch that off.</param>
    public static IEnumerable<Rejection> Broken(string text, bool refuse)
    {
        if (string.IsNullOrWhiteSpace(text)) yield return new(RoutingProblems.AutoreplyEmpty, "text");
        var units = UnitsOf(text);
        if (units > MostUnits) yield return new(RoutingProblems.AutoreplyTooLong, "text", ("n", units));
        var lines = text.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            foreach (var rune in lines[i].EnumerateRunes().Distinct())
            {
                if (refuse && Refused.TryGetValue(rune.Value, out var replacement))
                    yield return new(RoutingProblems.AutoreplyCharacter, "text", ("line", i + 1), ("c", rune.ToString()), ("r", replacement));
                else if ((Rune.IsControl(rune) && rune.Value != '\t') || rune == Rune.ReplacementChar)
                    yield return new(RoutingProblems.AutoreplyControlCharacter, "text", ("line", i + 1), ("c", $"U+{rune.Value:X4}"));
            }
        }
    }
}
