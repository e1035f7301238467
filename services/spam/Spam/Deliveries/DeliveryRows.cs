using System.Data.Common;
using System.Globalization;
using System.Text;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Spam.Deliveries;

/// <summary>A stored step.</summary>
internal sealed record DeliveryRow(string Node, DeliveryObserved Fact)
{
    public const string Columns =
        "at, node, id, account_id, direction, kind, delivery, way, queue_id, cause, message_id, sender, recipient, size, door, client, login, session, folder, rules, dsn, relay, answer, verdict, score, virus";

    public static DeliveryRow Read(DbDataReader r) => new(r.GetString(1), new(
        r.GetString(2), r.GetFieldValue<DateTimeOffset>(0), r.GetString(3), r.GetString(4), r.GetString(5), r.TextOrNull(6), r.GetString(7), r.TextOrNull(8), r.TextOrNull(9), r.TextOrNull(10),
        r.TextOrNull(11), r.TextOrNull(12), r.IsDBNull(13) ? null : r.GetInt64(13), r.TextOrNull(14), r.TextOrNull(15), r.TextOrNull(16), r.TextOrNull(17), r.TextOrNull(18), r.TextOrNull(19),
        r.TextOrNull(20), r.TextOrNull(21), r.TextOrNull(22), r.TextOrNull(23) is { } verdict ? new(verdict, r.IsDBNull(24) ? 0 : r.GetDouble(24), r.TextOrNull(25)) : null));

    /// <summary>Names it in the API: a begin names its delivery.</summary>
    public string Name => System.Buffers.Text.Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Fact.At.UtcTicks}/{Node}/{Fact.Id}")));

    /// <summary>What a name says; null when it is none.</summary>
    public static (DateTimeOffset At, string Node, string Id)? ReadName(string name)
    {
        try
        {
            var parts = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(System.Buffers.Text.Base64Url.DecodeFromChars(name)).Split('/', 3);
            return parts is [var ticks, var node, var id] && !name.Contains('\0', StringComparison.Ordinal) && !node.Contains('\0', StringComparison.Ordinal) && !id.Contains('\0', StringComparison.Ordinal)
                && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var at) && at <= DateTime.MaxValue.Ticks ? (new(at, TimeSpan.Zero), node, id) : null;
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            return null; // typed or cut by somebody
        }
    }
}

/// <summary>A message with all that became of it.</summary>
/// <param name="Begin">How it began: taken in, or refused.</param>
/// <param name="Steps">Everything, the begin too.</param>
internal sealed record Delivery(DeliveryRow Begin, IReadOnlyList<DeliveryObserved> Steps)
{
    // Copies may wait in the queue for five days, and what other nodes did has the time of their clocks.
    private static readonly TimeSpan Earlier = TimeSpan.FromHours(1), Later = TimeSpan.FromDays(8);

    /// <summary>Finds the steps of some messages of one account.</summary>
    public static async Task<IReadOnlyList<Delivery>> OfAsync(NpgsqlDataSource database, string accountId, IReadOnlyList<DeliveryRow> begins, CancellationToken stop)
    {
        if (begins.Count == 0) return [];
        var (from, to) = (begins.Min(b => b.Fact.At) - Earlier, begins.Max(b => b.Fact.At) + Later);
        var names = begins.Select(b => b.Fact.Delivery).OfType<string>().Distinct().ToArray();
        var messages = begins.Select(b => b.Fact.MessageId).OfType<string>().Distinct().ToArray();
        var steps = await database.ListAsync(
            $"""
            with own as materialized (select * from delivery where account_id = {accountId} and at between {from} and {to} and delivery = any({names}))
            select {DeliveryRow.Columns:sql} from own
            union select {DeliveryRow.Columns:sql} from delivery
                where account_id = {accountId} and at between {from} and {to} and delivery is null and session in (select session from own where session is not null)
            union select {DeliveryRow.Columns:sql} from delivery where account_id = {accountId} and at between {from} and {to} and way = 'reply' and delivery is null and cause = any({messages})
            """, DeliveryRow.Read, stop);
        return Group(begins, [.. steps.Select(s => s.Fact)]);
    }

    /// <summary>Gives each step to the message that it belongs to; pure.</summary>
    public static IReadOnlyList<Delivery> Group(IReadOnlyList<DeliveryRow> begins, IReadOnlyList<DeliveryObserved> steps)
    {
        var named = steps.Where(s => s.Delivery is not null).ToLookup(s => (s.Delivery, s.Direction));
        var bySession = steps.Where(s => s is { Delivery: null, Session: not null }).ToLookup(s => s.Session);
        var replies = steps.Where(s => s is { Delivery: null, Way: "reply", Cause: not null }).ToLookup(s => BeginOf(begins, s));
        return
        [
            .. begins.Select(begin =>
            {
                var own = named[(begin.Fact.Delivery, begin.Fact.Direction)].ToList();
                var sessions = own.Select(s => s.Session).OfType<string>().Distinct().SelectMany(s => bySession[s]);
                return new Delivery(begin, [.. own, .. sessions, .. replies[begin]]);
            }),
        ];
    }

    // Two messages may have one Message-ID: the reply is to the last one before it.
    private static DeliveryRow? BeginOf(IReadOnlyList<DeliveryRow> begins, DeliveryObserved reply)
        => begins.Where(b => b.Fact.MessageId == reply.Cause && b.Fact.Direction == reply.Direction && b.Fact.At <= reply.At.AddSeconds(1)).MaxBy(b => b.Fact.At);
}
