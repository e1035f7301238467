using System.Globalization;
using System.Text;
using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.Routing.Forwarding;

/// <summary>The body of a rule that is set or changed.</summary>
/// <param name="Condition">all, from or subject.</param>
/// <param name="Keyword">What the field must contain, in any case; of <c>all</c> absent.</param>
/// <param name="Destinations">Mail addresses.</param>
/// <param name="Confirm">Whether the caller has seen that mail will be lost (428).</param>
public sealed record RuleBody(string? Condition, string? Keyword, IReadOnlyList<string?>? Destinations, bool? Confirm = null);

/// <summary>A rule as somebody typed it, read and judged by the rules RTE-1 to RTE-3.</summary>
/// <param name="Condition">What it looks at.</param>
/// <param name="Keyword">Trimmed; null for all mail.</param>
/// <param name="Destinations">In alphabetical order.</param>
/// <param name="Broken">Every rule that is broken.</param>
internal sealed record RuleInput(string Condition, string? Keyword, IReadOnlyList<string> Destinations, IReadOnlyList<Rejection> Broken)
{
    /// <summary>How many destinations all rules of one condition may have together (RTE-2).</summary>
    public const int MostDestinations = 300;

    /// <summary>The most characters of a keyword, counted as people count them.</summary>
    public const int LongestKeyword = 255;

    private const int MostCodePoints = 5 * LongestKeyword; // one visible character may consist of several code points

    /// <summary>Reads a rule.</summary>
    /// <param name="body">As typed.</param>
    /// <param name="own">The account's own address.</param>
    /// <param name="others">The account's other rules.</param>
    public static RuleInput Read(RuleBody body, string own, IEnumerable<ForwardingRule> others)
    {
        var broken = new List<Rejection>();
        broken.AddRange(BrokenBy(body.Condition, body.Keyword));
        var condition = body.Condition ?? "";
        var keyword = Trimmed(body.Keyword);
        var same = others.Where(r => r.Condition == condition).ToList();
        var taken = same.Where(r => string.Equals(r.Keyword, keyword, StringComparison.OrdinalIgnoreCase)).SelectMany(r => r.Destinations).ToHashSet(StringComparer.Ordinal);
        var destinations = ReadDestinations(body.Destinations ?? [], own, taken, broken);
        if (body.Destinations is not { Count: > 0 }) broken.Add(new(RoutingProblems.DestinationsMissing, "destinations"));
        var used = same.Sum(r => r.Destinations.Count);
        var adding = body.Destinations?.Count ?? 0;
        if (used + adding > MostDestinations) broken.Add(new(RoutingProblems.TooManyDestinations, "destinations", ("used", used), ("n", adding)));
        return new(condition, keyword, destinations, broken);
    }

    /// <summary>What is wrong with a condition and its keyword.</summary>
    public static IEnumerable<Rejection> BrokenBy(string? condition, string? typed)
    {
        var keyword = Trimmed(typed);
        if (condition is null || !Conditions.Known.Contains(condition)) yield return new(RoutingProblems.ConditionUnknown, "condition");
        if (condition is Conditions.All && keyword is not null) yield return new(RoutingProblems.KeywordUnused, "keyword");
        if (condition is not (Conditions.From or Conditions.Subject)) yield break;
        var length = new StringInfo(keyword ?? "").LengthInTextElements;
        if (length is 0 or > LongestKeyword || keyword!.EnumerateRunes().Count() > MostCodePoints) yield return new(RoutingProblems.KeywordLength, "keyword");
        if (keyword is not null && (keyword.Any(char.IsControl) || keyword.EnumerateRunes().Any(r => r == Rune.ReplacementChar)))
            yield return new(RoutingProblems.KeywordCharacters, "keyword");
    }

    private static string? Trimmed(string? typed) => typed?.Trim() is { Length: > 0 } keyword ? keyword : null;

    private static List<string> ReadDestinations(IReadOnlyList<string?> typed, string own, HashSet<string> taken, List<Rejection> broken)
    {
        var destinations = new List<string>();
        for (var i = 0; i < typed.Count; i++)
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"destinations[{i}]");
            if (Destination.Read(typed[i], field, own, out var address) is { } rejection) broken.Add(rejection);
            else if (!taken.Add(address)) broken.Add(new(RoutingProblems.DestinationDuplicate, field, ("x", address)));
            else destinations.Add(address);
        }

        destinations.Sort(StringComparer.Ordinal);
        return destinations;
    }
}
