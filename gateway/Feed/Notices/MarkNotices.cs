using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices;

/// <summary>Whether a notice is to count as read.</summary>
public sealed record MarkNoticeBody(bool? Read);

/// <summary>
/// Marks notices as read or not, for the one who asks alone. It is no event: nobody but the reader is told by it, and a
/// repeated mark changes nothing.
/// </summary>
public static class MarkNotices
{
    /// <summary><c>PATCH /api/v1/notices/{id}</c> → 200 with the notice; 404 when it is not there or not the reader's to see.</summary>
    public static async Task<IResult> One(string id, MarkNoticeBody body, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        if (body.Read is not { } read) return Problems.Of(PlatformProblems.Malformed, "read", ("reason", "read"));
        if (!Guid.TryParseExact(id, "N", out var notice)) return Problems.Of(PlatformProblems.NotFound);
        var reader = NoticeReader.Of(http);
        await using var command = reader.Command(
            database,
            $"""
            update notice set read_by = {(read ? "array_append(array_remove(read_by, $2), $2)" : "array_remove(read_by, $2)")}
            where {NoticeReader.InScope} and id = $5 returning {NoticeReader.Columns}
            """,
            notice);
        var marked = await NoticeReader.ListAsync(command, stop);
        if (marked.Count == 0) return Problems.Of(PlatformProblems.NotFound);
        http.Response.Headers.ContentLanguage = reader.Language.Name;
        return new Answer(200, marked[0]);
    }

    /// <summary><c>POST /api/v1/notices/read-all</c> → 204.</summary>
    public static async Task<IResult> All(HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        await using var command = NoticeReader.Of(http).Command(
            database, $"update notice set read_by = array_append(read_by, $2) where {NoticeReader.InScope} and {NoticeReader.IsUnread}");
        await command.ExecuteNonQueryAsync(stop);
        return new Answer(204);
    }
}
