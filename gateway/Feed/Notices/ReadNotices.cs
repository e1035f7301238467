using System.Globalization;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices;

/// <summary><c>GET /api/v1/notices?state=unread|all&amp;kind=&amp;limit=&amp;cursor=</c> → 200 with what the reader may see.</summary>
public static class ReadNotices
{
    /// <summary>Where counting unread notices ends.</summary>
    public const int MaxCounted = 1000;

    /// <summary>The endpoint.</summary>
    public static async Task<IResult> Handle(string? state, string? kind, string? limit, string? cursor, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        List<Rejection> unreadable = [];
        if (state is not (null or "" or "all" or "unread")) unreadable.Add(Bad("state"));
        if (!string.IsNullOrEmpty(kind) && !KnownKinds.Has(kind)) unreadable.Add(Bad("kind"));
        if (!Paging.TryReadLimit(limit, out var size)) unreadable.Add(Bad("limit"));
        var (at, id) = (DateTimeOffset.UnixEpoch, Guid.Empty);
        if (!Cursor.TryRead(cursor, out var after) || !Fits(after, ref at, ref id)) unreadable.Add(Bad("cursor"));
        if (unreadable.Count > 0) return Problems.Of(unreadable);

        var reader = NoticeReader.Of(http);
        await using var command = reader.Command(
            database,
            $"""
            select {NoticeReader.Columns} from notice where {NoticeReader.InScope}
            {(state == "unread" ? $"and {NoticeReader.IsUnread}" : "")}
            {(string.IsNullOrEmpty(kind) ? "" : "and kind = $6")}
            {(after is null ? "" : "and (at, id) < ($7, $8)")}
            order by at desc, id desc limit $5
            """,
            size + 1, kind ?? "", at, id);
        var items = await NoticeReader.ListAsync(command, stop);
        var next = items.Count > size ? new Cursor(items[size - 1].At.ToString("O", CultureInfo.InvariantCulture), items[size - 1].Id, Back: false).ToString() : null;
        if (next is not null) Paging.LinkNext(http, next);
        http.Response.Headers.ContentLanguage = reader.Language.Name;
        return new Answer(200, new NoticePage([.. items.Take(size)], next, await UnreadAsync(database, reader, stop)));
    }

    private static async Task<int> UnreadAsync(NpgsqlDataSource database, NoticeReader reader, CancellationToken stop)
    {
        await using var command = reader.Command(
            database, $"select count(*)::int from (select 1 from notice where {NoticeReader.InScope} and {NoticeReader.IsUnread} limit $5) unread", MaxCounted);
        return (int)(await command.ExecuteScalarAsync(stop))!;
    }

    private static bool Fits(Cursor? cursor, ref DateTimeOffset at, ref Guid id)
    {
        if (cursor is null) return true;
        var isTime = DateTimeOffset.TryParse(cursor.Value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out at);
        return isTime && Guid.TryParseExact(cursor.Key, "N", out id);
    }

    private static Rejection Bad(string parameter) => new(PlatformProblems.BadParameter, parameter, ("name", parameter));
}
