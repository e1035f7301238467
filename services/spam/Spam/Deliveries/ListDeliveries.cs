using System.Globalization;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Spam.Deliveries;

/// <summary>A page of messages, newest first.</summary>
/// <param name="Items">Without steps.</param>
/// <param name="KeptDays">What is older is no longer known.</param>
/// <param name="Next">Cursor of the next page; absent on the last.</param>
public sealed record DeliveryPage(IReadOnlyList<DeliveryView> Items, int KeptDays, string? Next = null);

/// <summary>Lists an account's messages (N-11).</summary>
internal static class ListDeliveries
{
    private static readonly string[] Parameters = ["from", "to", "sender", "messageId", "direction", "cursor", "limit"];

    /// <summary><c>GET /api/v1/accounts/{address}/deliveries?from=&amp;to=&amp;sender=&amp;messageId=&amp;direction=&amp;cursor=&amp;limit=</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, HttpContext http, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        string? Given(string name) => http.Request.Query[name].ToString() is { Length: > 0 } text ? text : null;
        var given = Parameters.ToDictionary(p => p, Given);
        var (from, to) = (time.GetUtcNow().AddDays(-DeliveryFacts.KeptDays - 1), DateTimeOffset.MaxValue);
        if (given["from"] is { } since && !EventTimes.TryRead(since, out from)) return Bad("from");
        if (given["to"] is { } until && !EventTimes.TryRead(until, out to)) return Bad("to");
        if (given.FirstOrDefault(g => g.Value?.Length > 998 || g.Value?.Contains('\0', StringComparison.Ordinal) == true) is { Key: { } name }) return Bad(name);
        if (given["direction"] is not (null or "received" or "sent")) return Bad("direction");
        if (!Paging.TryReadLimit(given["limit"], out var limit)) return Bad("limit");
        if (!Cursor.TryRead(given["cursor"], out var cursor)) return Bad("cursor");
        if (!TryReadPlace(cursor, out var place)) return Bad("cursor");

        var (caller, target) = http.Asking();
        var sender = given["sender"]?.Trim().ToLowerInvariant();
        var messageId = given["messageId"]?.Trim().TrimStart('<').TrimEnd('>');
        var begins = await database.ListAsync(
            $"""
            select {DeliveryRow.Columns:sql} from delivery
            where account_id = {target!.AccountId} and direction = {given["direction"] ?? "received"} and (kind = 'taken' or (kind = 'refused' and delivery = id))
              and at >= {from.ToUniversalTime()} and at <= {Least(to, place.At)} and (at, node, id) < ({place.At}, {place.Node}, {place.Id})
              and ({sender}::text is null or position({sender}::text in lower(sender)) > 0) and ({messageId}::text is null or message_id = {messageId}::text)
            order by at desc, node desc, id desc limit {limit + 1}
            """, DeliveryRow.Read, stop);
        string? next = null;
        if (begins.Count > limit)
        {
            begins.RemoveAt(limit);
            next = new Cursor(begins[^1].Fact.At.UtcTicks.ToString(CultureInfo.InvariantCulture), begins[^1].Name, Back: false).ToString();
            Paging.LinkNext(http, next);
        }

        var deliveries = await Delivery.OfAsync(database, target.AccountId, begins, stop);
        return new Answer(200, new DeliveryPage([.. deliveries.Select(d => DeliveryView.Of(d, caller, withSteps: false))], DeliveryFacts.KeptDays, next));
    }

    // Without a cursor before a place that is after all.
    private static bool TryReadPlace(Cursor? cursor, out (DateTimeOffset At, string Node, string Id) place)
    {
        place = (new(9999, 1, 1, 0, 0, 0, TimeSpan.Zero), "", "");
        if (cursor is null) return true;
        if (cursor.Back || DeliveryRow.ReadName(cursor.Key) is not { } read) return false;
        place = read;
        return true;
    }

    private static DateTimeOffset Least(DateTimeOffset a, DateTimeOffset b) => (a < b ? a : b).ToUniversalTime();

    private static IResult Bad(string name) => Problems.Of(PlatformProblems.BadParameter, name, ("name", name));
}

/// <summary>Reads one message with its steps (N-11).</summary>
internal static class ReadDelivery
{
    /// <summary><c>GET /api/v1/accounts/{address}/deliveries/{id}</c> → 200, or 404.</summary>
    public static async Task<IResult> Handle(string address, string id, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        if (DeliveryRow.ReadName(id) is not var (at, node, fact)) return Problems.Of(PlatformProblems.NotFound);
        var (caller, target) = http.Asking();
        // Of another account's, nothing is known here.
        var begins = await database.ListAsync(
            $"""
            select {DeliveryRow.Columns:sql} from delivery
            where at = {at} and node = {node} and id = {fact} and account_id = {target!.AccountId} and (kind = 'taken' or (kind = 'refused' and delivery = id))
            """, DeliveryRow.Read, stop);
        return await Delivery.OfAsync(database, target.AccountId, begins, stop) is [var delivery]
            ? new Answer(200, DeliveryView.Of(delivery, caller, withSteps: true))
            : Problems.Of(PlatformProblems.NotFound);
    }
}
