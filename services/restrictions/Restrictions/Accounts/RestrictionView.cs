using System.Globalization;
using System.Text.Json.Nodes;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>A restriction as people read it: all of one kind together.</summary>
/// <param name="Kind">One of <see cref="Kinds"/>.</param>
/// <param name="Since">When the first began.</param>
/// <param name="Until">When the last ends by itself; absent: when something is done.</param>
/// <param name="Word">The status, in the reader's language.</param>
/// <param name="Cause">Why.</param>
/// <param name="Effect">What cannot be done.</param>
/// <param name="Remedy">What to do.</param>
/// <param name="Reference">For support; absent for over-capacity.</param>
/// <param name="Evidence">What each follows from; for operators only.</param>
public sealed record RestrictionView(
    string Kind, DateTimeOffset? Since, DateTimeOffset? Until, string Word, string Cause, string Effect, string Remedy, string? Reference, IReadOnlyList<EvidenceView>? Evidence)
{
    /// <summary>All that hold, in the order of RST-1.</summary>
    public static IReadOnlyList<RestrictionView> All(AccountStanding? standing, DateTimeOffset? fullSince, bool withEvidence, CultureInfo language) =>
    [
        .. (standing?.Restrictions ?? []).GroupBy(r => r.Kind).OrderBy(g => Kinds.RankOf(g.Key)).Select(g => Of([.. g], withEvidence, language)),
        .. fullSince is { } since ? [Of(Kinds.OverCapacity, since, null, null, null, language)] : (RestrictionView[])[],
    ];

    /// <summary>Some of one kind.</summary>
    public static RestrictionView Of(IReadOnlyList<Restriction> held, bool withEvidence, CultureInfo language)
        => Of(held[0].Kind, held.Min(r => r.Since), held.Any(r => r.Until is null) ? null : held.Max(r => r.Until), held[^1].Reference,
            withEvidence ? [.. held.Select(EvidenceView.Of)] : null, language);

    private static RestrictionView Of(string kind, DateTimeOffset since, DateTimeOffset? until, string? reference, IReadOnlyList<EvidenceView>? evidence, CultureInfo language)
    {
        var texts = RestrictionTexts.Of(kind);
        return new(kind, since, until, Said(texts.Word), Said(texts.Cause), Said(texts.Effect), Said(texts.Remedy), reference, evidence);

        string Said(ProblemCode text) => Problems.Text(new(text), language);
    }
}

/// <summary>What a restriction follows from, for operators (RST-4).</summary>
/// <param name="Reference">The restriction's.</param>
/// <param name="Rule">A rule of the policy, or operator.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends by itself.</param>
/// <param name="Network">From which network only.</param>
/// <param name="KnownNetworks">Those that it does not concern.</param>
/// <param name="Reason">The operator's.</param>
/// <param name="Counted">What the rule has counted: its policy's version, thresholds, values and samples.</param>
public sealed record EvidenceView(
    string Reference, string Rule, DateTimeOffset Since, DateTimeOffset? Until, string? Network, IReadOnlyList<string>? KnownNetworks, string? Reason, JsonNode? Counted)
{
    /// <summary>That of one.</summary>
    public static EvidenceView Of(Restriction r)
    {
        ArgumentNullException.ThrowIfNull(r);
        return new(r.Reference, r.Rule, r.Since, r.Until, r.Network, r.KnownNetworks.Count > 0 ? r.KnownNetworks : null, r.Reason, r.Evidence is null ? null : JsonNode.Parse(r.Evidence));
    }
}
