using Hikyaku.Accounts.Contracts;
using Hikyaku.DataCopy.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Contracts;

namespace Hikyaku.Feed;

/// <summary>The series that are counted from recorded events (OPS-1): what was decided, not what was observed.</summary>
internal static class EventSeries
{
    // What a file changes is decided one account at a time, in its name.
    private const string ByFile = "csv";

    public static readonly IReadOnlyList<StatSeries> All =
    [
        Of("accounts", new("created", [typeof(MailAccountCreated)]), new("deleted", [typeof(MailAccountDeleted)])),
        Of(
            "bulk", new("registered", [typeof(MailAccountCreated)], Via: ByFile),
            new("changed", [typeof(MailAccountCapacityChanged), typeof(MailAccountCommentChanged), typeof(MailAccountPasswordChanged)], Via: ByFile)),
        Of(
            "restrictions", Restricted("compromise-suspected"), Restricted("account-locked"), Restricted("sending-locked"),
            new("lifted", [typeof(RestrictionLifted)]), new("networks-stopped", [typeof(SourceStopped)])),
        Of(
            "jobs", new("copies-requested", [typeof(CopyRequested)]), new("copies-succeeded", [typeof(CopySucceeded)]), new("copies-failed", [typeof(CopyFailed)]),
            new("copies-cancelled", [typeof(CopyCancelled)]), new("mail-deletions", [typeof(MailDataDeletionStarted)]), new("account-deletions", [typeof(MailAccountDeletionStarted)]),
            new("domain-deletions", [typeof(DomainDeletionStarted)])),
    ];

    private static Counted Restricted(string kind) => new(kind, [typeof(AccountRestricted)], Kind: kind);

    private static StatSeries Of(string name, params IReadOnlyList<Counted> parts)
    {
        var events = parts.SelectMany(p => p.Types.Select(t => (p.Part, Type: RecordedContracts.NameOf(t), p.Kind, p.Via))).ToList();
        string[] names = [.. events.Select(e => e.Part)], types = [.. events.Select(e => e.Type)];
        string?[] kinds = [.. events.Select(e => e.Kind)], vias = [.. events.Select(e => e.Via)];
        return new(
            name, [.. parts.Select(p => new StatPart(p.Part, [.. p.Types.Select(RecordedContracts.NameOf)]))],
            span => $"""
                select p.part, floor(extract(epoch from e.at - {span.From}) / {span.StepSeconds})::int, count(*)
                from unnest({names}::text[], {types}::text[], {kinds}::text[], {vias}::text[]) as p(part, type, kind, via)
                join recorded_event e on e.type = p.type and (p.kind is null or e.data ->> 'kind' = p.kind) and (p.via is null or e.data -> 'by' ->> 'via' = p.via)
                where e.at >= {span.From} and e.at < {span.To} and ({span.Domain}::text is null or e.domain = {span.Domain}::text)
                group by 1, 2
                """);
    }

    // Kind and Via: only events in which these are so.
    private sealed record Counted(string Part, IReadOnlyList<Type> Types, string? Kind = null, string? Via = null);
}
