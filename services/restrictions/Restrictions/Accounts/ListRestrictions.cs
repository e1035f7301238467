using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Storage;
using Npgsql;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>A restriction in the list.</summary>
/// <param name="Account">The account's address.</param>
/// <param name="Domain">Its domain in A-labels.</param>
/// <param name="Kind">One of <see cref="Kinds"/>.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends by itself.</param>
/// <param name="EndedAt">When it ended; absent: it holds.</param>
/// <param name="EndedBy">operator, time or password-changed.</param>
/// <param name="Reference">For support.</param>
/// <param name="Rule">What it follows from; for operators only.</param>
/// <param name="Counted">What the rule had counted when it decided: values, thresholds and windows (RST-4); for operators only.</param>
public sealed record ListedRestriction(
    string Account, string Domain, string Kind, DateTimeOffset Since, DateTimeOffset? Until, DateTimeOffset? EndedAt, string? EndedBy, string Reference, string? Rule, JsonNode? Counted);

/// <summary>The restrictions of the platform, for operators, and of their domains for administrators (N-4).</summary>
internal static class ListRestrictions
{
    /// <summary><c>GET /api/v1/restrictions?state=active|ended&amp;kind=&amp;domain=&amp;since=&amp;limit=&amp;cursor=</c> → 200, newest first.</summary>
    public static async Task<IResult> Handle(
        string? state, string? kind, string? domain, string? since, string? limit, string? cursor, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        if (state is not (null or "active" or "ended")) return Bad("state");
        if (kind is not null && !Kinds.InOrder.Contains(kind)) return Bad("kind");
        string? name = null;
        if (domain is not null && !InternetNames.TryReadDomain(domain, out name)) return Bad("domain");
        var from = DateTimeOffset.MinValue;
        if (since is not null && !EventTimes.TryRead(since, out from)) return Bad("since");
        if (!Paging.TryReadLimit(limit, out var size)) return Bad("limit");
        if (!Cursor.TryReadTime(cursor, out var at, out var before)) return Bad("cursor");

        var (caller, _) = http.Asking();
        var isOperator = caller.Role == Roles.Operator;
        string[] domains = [.. caller.Domains];
        // Over-capacity follows from sizes, so it stands in no event; it has begun and not ended.
        var rows = await database.ListAsync(
            $"""
            select r.*, case when {isOperator} then (
                select e.data ->> 'Evidence' from mt_events e
                where e.stream_id = r.account_id and e.type = {EventNames.All[typeof(AccountRestricted)]} and e.data ->> 'Reference' = r.reference order by e.version desc limit 1) end as counted
            from (
                select address, domain, kind, since, until, ended_at, ended_by, reference, rule, account_id from restriction
                union all
                select address, domain, {Kinds.OverCapacity}, full_since, null, null, null, account_id, null, account_id from mailbox_space where full_since is not null and address is not null) as r
            where ({state}::text is null or (ended_at is null) = ({state} = 'active')) and ({kind}::text is null or kind = {kind}) and ({name}::text is null or domain = {name})
                and since >= {from.ToUniversalTime()} and ({isOperator} or domain = any({domains}))
                and ({before?.ToUniversalTime()}::timestamptz is null or (since, reference) < ({before?.ToUniversalTime()}, {at?.Key ?? ""}))
            order by since desc, reference desc limit {size + 1}
            """,
            row => new ListedRestriction(
                row.GetString(0), row.GetString(1), row.GetString(2), row.GetFieldValue<DateTimeOffset>(3), Time(row, 4), Time(row, 5), row.TextOrNull(6), row.GetString(7),
                isOperator ? row.TextOrNull(8) : null, row.TextOrNull(10) is { } counted ? JsonNode.Parse(counted) : null),
            stop);
        string? next = null;
        if (rows.Count > size)
        {
            rows.RemoveAt(size);
            next = Cursor.At(rows[^1].Since, rows[^1].Reference).ToString();
        }

        return new Answer(200, new Page<ListedRestriction>([.. rows.Select(r => r.Kind == Kinds.OverCapacity ? r with { Reference = "" } : r)], next));

        static IResult Bad(string parameter) => Problems.Of(PlatformProblems.BadParameter, parameter, ("name", parameter));
    }

    private static DateTimeOffset? Time(System.Data.Common.DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
