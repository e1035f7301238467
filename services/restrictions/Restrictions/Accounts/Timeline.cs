using System.Data.Common;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Sources;
using Npgsql;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>Something that was observed of an account.</summary>
/// <param name="At">When.</param>
/// <param name="Type">login, submission, failed (another server refused a recipient), spam (the filter judged a message so), restricted or lifted.</param>
/// <param name="Network">From which network.</param>
/// <param name="Source">From which address.</param>
/// <param name="Protocol">Of a login: imap, pop3, smtp or panel.</param>
/// <param name="Client">Of a login: what the program calls itself.</param>
/// <param name="Failure">Of a login that was not let in: why.</param>
/// <param name="Recipients">Of a submission: how many.</param>
/// <param name="FirstTime">Of those, to how many the account never wrote before.</param>
/// <param name="To">Some of them.</param>
/// <param name="QueueId">Its name in the queue.</param>
/// <param name="Kind">Of a restriction.</param>
/// <param name="Reference">Of a restriction.</param>
public sealed record TimelineItem(
    DateTimeOffset At, string Type, string? Network, string? Source, string? Protocol, string? Client, string? Failure, long? Recipients, long? FirstTime, IReadOnlyList<string>? To,
    string? QueueId, string? Kind, string? Reference);

/// <summary>What an account's restriction follows from, fact by fact, for operators (N-15).</summary>
internal static class Timeline
{
    private const int MostRecipients = 20;
    private static readonly TimeSpan Before = TimeSpan.FromDays(1);

    /// <summary>
    /// <c>GET /api/v1/accounts/{address}/restrictions/{kind}/timeline?network=&amp;limit=&amp;cursor=</c> → 200, newest first, from a day before the newest
    /// restriction of the kind; 404 when there was none.
    /// </summary>
    public static async Task<IResult> Handle(string address, string kind, string? network, string? limit, string? cursor, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        if (network is not null && Networks.Of(network) is null) return Problems.Of(PlatformProblems.BadParameter, "network", ("name", "network"));
        if (!Paging.TryReadLimit(limit, out var size)) return Problems.Of(PlatformProblems.BadParameter, "limit", ("name", "limit"));
        if (!Cursor.TryReadTime(cursor, out var place, out var until)) return Problems.Of(PlatformProblems.BadParameter, "cursor", ("name", "cursor"));
        var id = http.Asking().Target!.AccountId;
        var restricted = await database.ListAsync(
            $"select since from restriction where account_id = {id} and kind = {kind} order by since desc limit 1", row => row.GetFieldValue<DateTimeOffset>(0), stop);
        if (restricted is not [var since]) return Problems.Of(RestrictionsProblems.NoneOfKind);
        var items = await ReadAsync(database, id, network is null ? null : Networks.Of(network), since - Before, until, place?.Key ?? "", size + 1, stop);
        string? next = null;
        if (items.Count > size)
        {
            items.RemoveAt(size);
            next = Cursor.At(items[^1].Item.At, items[^1].Key).ToString();
        }

        return new Answer(200, new Page<TimelineItem>(items.ConvertAll(i => i.Item), next));
    }

    // Many things are observed in one moment, as other servers' refusals are known to the second only: of those the key decides.
    private static Task<List<(TimelineItem Item, string Key)>> ReadAsync(
        NpgsqlDataSource database, string id, string? network, DateTimeOffset from, DateTimeOffset? until, string key, int most, CancellationToken stop)
    {
        var (first, last) = (from.ToUniversalTime(), until?.ToUniversalTime());
        return database.ListAsync(
            $"""
            select * from (
                select at, 'login' as type, network, source, protocol, client, failure, null::bigint as recipients, null::bigint as first_time, null as sent_to, null as queue_id, null as kind, null as reference, id as key
                from login where account_id = {id} and at >= {first}
                union all select at, 'submission', network, source, null, null, null, recipients, first_time, sent_to, queue_id, null, null, id from submission where account_id = {id} and at >= {first}
                union all select at, kind, null, null, null, null, null, null, null, recipient, null, null, null, id from sending_sign where account_id = {id} and at >= {first}
                union all select since, 'restricted', null, null, null, null, null, null, null, null, null, kind, reference, 'restricted ' || reference from restriction where account_id = {id} and since >= {first}
                union all select ended_at, 'lifted', null, null, null, null, null, null, null, null, null, kind, reference, 'lifted ' || reference from restriction where account_id = {id} and ended_at >= {first}) as t
            where ({last}::timestamptz is null or (at, key) < ({last}, {key})) and ({network}::text is null or network = {network}) order by at desc, key desc limit {most}
            """, Read, stop);
    }

    private static (TimelineItem Item, string Key) Read(DbDataReader row) => (new(
        row.GetFieldValue<DateTimeOffset>(0), row.GetString(1), row.TextOrNull(2), row.TextOrNull(3), row.TextOrNull(4), row.TextOrNull(5), row.TextOrNull(6),
        row.IsDBNull(7) ? null : row.GetInt64(7), row.IsDBNull(8) ? null : row.GetInt64(8), row.TextOrNull(9)?.Split('\n').Take(MostRecipients).ToList(), row.TextOrNull(10), row.TextOrNull(11), row.TextOrNull(12)), row.GetString(13));
}
