using System.Globalization;
using JasperFx.Events;
using Marten;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>Reads histories page by page, newest first.</summary>
public static class HistoryPages
{
    /// <summary>Answers <c>GET …/history?limit=&amp;cursor=</c> → 200, for whoever asks; an empty page when the stream has not begun.</summary>
    /// <param name="history">What the service says of such streams.</param>
    /// <param name="stream">The stream's key.</param>
    /// <param name="http">The request; its access rule has admitted the caller.</param>
    /// <param name="store">Where the stream is.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<IResult> AnswerAsync(StreamHistory history, string stream, HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(history);
        ArgumentNullException.ThrowIfNull(http);
        ArgumentNullException.ThrowIfNull(store);
        var (limit, cursor) = (http.Request.Query["limit"].ToString(), http.Request.Query["cursor"].ToString());
        if (!Paging.TryReadLimit(limit, out var size)) return Problems.Of(PlatformProblems.BadParameter, "limit", ("name", "limit"));
        if (!Cursor.TryRead(cursor, out var at) || !TryReadVersion(at, out var before)) return Problems.Of(PlatformProblems.BadParameter, "cursor", ("name", "cursor"));
        await using var session = store.QuerySession();
        var events = (await session.Events.QueryAllRawEvents().Where(e => e.StreamKey == stream && e.Version < before)
            .OrderByDescending(e => e.Version).Take(size + 1).ToListAsync(stop)).ToList();
        string? next = null;
        if (events.Count > size)
        {
            events.RemoveAt(size);
            next = new Cursor(events[^1].Version.ToString(CultureInfo.InvariantCulture), stream, Back: false).ToString();
            http.Response.Headers.Link = $"<{http.Request.Path}?limit={size}&cursor={next}>; rel=\"next\"";
        }

        events.Reverse();
        return new Answer(200, new Page<HistoryItem>(await ItemsAsync(history, stream, events, isNewest: before == long.MaxValue, http.Asking().Caller, session, stop), next));
    }

    private static async Task<IReadOnlyList<HistoryItem>> ItemsAsync(
        StreamHistory history, string stream, List<IEvent> events, bool isNewest, Caller reader, IQuerySession session, CancellationToken stop)
    {
        if (events is not [var first, ..]) return [];
        var hidden = history.HiddenFrom(reader);
        var set = history.Settings.Where(s => events.Exists(e => s.IsSetBy(e.Data, out _, out _))).ToList();
        var values = first.Version > 1 ? await history.ValuesBeforeAsync(session, stream, first.Version, set, stop) : new(StringComparer.Ordinal);
        var changes = events.Select(e => (Event: e, Change: Change.Of(e, history.Settings, values))).ToList();
        var mayUndo = history.MayUndo.Contains(reader.Role);
        // After the newest page the values are the present ones.
        var present = isNewest || !mayUndo ? values : await history.ValuesBeforeAsync(session, stream, long.MaxValue, set, stop);
        changes.Reverse();
        return
        [
            .. changes.Where(c => history.IsShown(c.Event.Data, hidden))
                .Select(c => HistoryItem.Of(c.Event, c.Change, mayUndo && IsInForce(c.Change, history, present), hidden)),
        ];
    }

    // Otherwise an undo would overwrite a later change.
    private static bool IsInForce(Change change, StreamHistory history, Dictionary<string, object?> present)
        => change.ThatMayBePutBack(history.Settings) is { Count: > 0 } names && names.All(n => Equals(present.GetValueOrDefault(n), change.After[n]));

    private static bool TryReadVersion(Cursor? cursor, out long version)
    {
        version = long.MaxValue;
        return cursor is null || long.TryParse(cursor.Value, NumberStyles.None, CultureInfo.InvariantCulture, out version);
    }
}
