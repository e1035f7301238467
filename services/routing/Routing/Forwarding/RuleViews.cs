using System.Globalization;
using Hikyaku.Routing.Mailboxes;
using Marten;

namespace Hikyaku.Routing.Forwarding;

/// <summary>A rule as it is answered.</summary>
/// <param name="Id">Its number.</param>
/// <param name="Condition">all, from or subject.</param>
/// <param name="Keyword">Absent for all.</param>
/// <param name="Destinations">In alphabetical order.</param>
public sealed record RuleView(string Id, string Condition, string? Keyword, IReadOnlyList<string> Destinations);

/// <summary>How many destinations the rules of each condition have together.</summary>
public sealed record UsedDestinations(int All, int From, int Subject);

/// <summary>An account's rules; never in pages.</summary>
/// <param name="Items">By condition, keyword and destination.</param>
/// <param name="Used">How many of <paramref name="Limit"/> are used.</param>
/// <param name="Limit">How many destinations the rules of one condition may have together.</param>
public sealed record RuleViews(IReadOnlyList<RuleView> Items, UsedDestinations Used, int Limit)
{
    /// <summary>Those of an account's rules that are asked for.</summary>
    public static RuleViews Of(MailboxRouting? routing, Func<ForwardingRule, bool> asked)
    {
        IReadOnlyList<ForwardingRule> rules = routing?.Rules ?? [];
        var sorted = rules.Where(asked).OrderBy(r => Conditions.Known.ToList().IndexOf(r.Condition))
            .ThenBy(r => r.Keyword, StringComparer.Ordinal).ThenBy(r => string.Join(" ", r.Destinations), StringComparer.Ordinal);
        return new([.. sorted.Select(Of)], new(CountOf(Conditions.All), CountOf(Conditions.From), CountOf(Conditions.Subject)), RuleInput.MostDestinations);

        int CountOf(string condition) => rules.Where(r => r.Condition == condition).Sum(r => r.Destinations.Count);
    }

    /// <summary><c>GET /api/v1/accounts/{address}/forwarding-rules</c> → 200.</summary>
    public static Task<IResult> Handle(string address, HttpContext http, IDocumentStore store, CancellationToken stop)
        => RoutingReader.AnswerAsync(http, store, routing => Of(routing, _ => true), stop);

    private static RuleView Of(ForwardingRule rule) => new(rule.Number.ToString(CultureInfo.InvariantCulture), rule.Condition, rule.Keyword, rule.Destinations);
}
