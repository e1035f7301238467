using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.DataCopy.Copies;

/// <summary>A copy as the API shows it.</summary>
/// <param name="Id">That of its job, too.</param>
/// <param name="State">queued, running, paused, succeeded, failed or cancelled.</param>
/// <param name="Source">Where from; the passwords are never shown.</param>
/// <param name="Notify">Who is told by mail how it ended.</param>
/// <param name="Folders">The source's folders; absent in lists.</param>
/// <param name="Messages">Counts of messages.</param>
/// <param name="Bytes">Counts of bytes.</param>
/// <param name="BytesPerSecond">How fast it goes; absent when it is not running.</param>
/// <param name="SecondsLeft">How long it takes yet, at that rate; absent where that cannot be told.</param>
/// <param name="Reason">Why not everything was copied, one of <see cref="CopyReasons"/>; absent: everything was.</param>
/// <param name="ReasonText">The same in the reader's language, with what to do.</param>
/// <param name="Cause">What exactly, like <c>wrong-password</c>; of a pause, too.</param>
/// <param name="Detail">What the server said, in no language in particular; absent in lists.</param>
/// <param name="PausedUntil">When it goes on, while it is paused.</param>
/// <param name="Skipped">Messages that were not copied, at most 1,000; absent in lists and until the end.</param>
/// <param name="Reference">For support, when it has failed by the platform's fault.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="StartedAt">When it began.</param>
/// <param name="FinishedAt">When it ended.</param>
public sealed record CopyView(
    string Id, string State, CopySourceView Source, string Notify, IReadOnlyList<CopiedFolder>? Folders, CopyMessages Messages, CopyBytes Bytes, long? BytesPerSecond, long? SecondsLeft,
    string? Reason, string? ReasonText, string? Cause, string? Detail, DateTimeOffset? PausedUntil, IReadOnlyList<SkippedMessage>? Skipped, string? Reference,
    DateTimeOffset CreatedAt, DateTimeOffset? StartedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>A copy that waits for a worker, as it will be read.</summary>
    public static CopyView Waiting(RequestCopy job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var form = job.Form!;
        return new(
            job.JobId, JobStates.Queued, new(form.Host, form.Port, form.Security, form.UserName), form.Notify, [], new(0, 0, 0, 0, 0), new(null, 0), null, null,
            null, null, null, null, null, null, null, job.Now, null, null);
    }
}

/// <summary>Where a copy comes from.</summary>
public sealed record CopySourceView(string Host, int? Port, string? Security, string UserName);

/// <summary>Counts of messages.</summary>
public sealed record CopyMessages(long Total, long Copied, long AlreadyThere, long SkippedTooLarge, long Failed);

/// <summary>Counts of bytes.</summary>
/// <param name="Total">How many the source has; absent: it does not tell.</param>
/// <param name="Done">How many are finished, in whatever way.</param>
public sealed record CopyBytes(long? Total, long Done);

/// <summary>Reads the copies of an account, which only its user sees (ROLE-1).</summary>
public sealed class CopyReader(NpgsqlDataSource database)
{
    private const string Columns =
        "id, state, host, port, security, user_name, notify, total, copied, already_there, skipped, failed, bytes, bytes_done, rate, reason, cause, reference, paused_until, created_at, started_at, finished_at";

    /// <summary>One of them; null when there is none.</summary>
    public async Task<CopyView?> FindAsync(string id, HttpContext http, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(http);
        var (account, language) = (http.Asking().Target!.AccountId, Problems.LanguageOf(http.Request));
        return await database.FirstAsync(
            $"select {Columns:sql}, folders::text, missing::text, detail from mail_copy where account_id = {account} and id = {id}",
            row => Read(row, language) with
            {
                Folders = row.TextOrNull(22) is { } folders ? JsonSerializer.Deserialize<List<CopiedFolder>>(folders, Answer.Json) : [],
                Skipped = row.TextOrNull(23) is { } missing ? JsonSerializer.Deserialize<List<SkippedMessage>>(missing, Answer.Json) : null,
                Detail = row.TextOrNull(24),
            }, stop);
    }

    /// <summary><c>GET /api/v1/accounts/{address}/copies?limit=&amp;cursor=</c> → 200, newest first.</summary>
    public static async Task<IResult> List(string address, string? limit, string? cursor, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        if (!Paging.TryReadLimit(limit, out var size)) return Problems.Of(PlatformProblems.BadParameter, "limit", ("name", "limit"));
        if (!Cursor.TryReadTime(cursor, out var at, out var before)) return Problems.Of(PlatformProblems.BadParameter, "cursor", ("name", "cursor"));
        var (account, language, from) = (http.Asking().Target!.AccountId, Problems.LanguageOf(http.Request), before?.ToUniversalTime() ?? DateTimeOffset.MaxValue);
        var found = await database.ListAsync(
            $"select {Columns:sql} from mail_copy where account_id = {account} and (created_at, id) < ({from}, {at?.Key ?? ""}) order by created_at desc, id desc limit {size + 1}", row => Read(row, language), stop);
        string? next = null;
        if (found.Count > size)
        {
            found.RemoveAt(size);
            next = Cursor.At(found[^1].CreatedAt, found[^1].Id).ToString();
            Paging.LinkNext(http, next);
        }

        return new Answer(200, new Page<CopyView>(found, next));
    }

    /// <summary><c>GET /api/v1/accounts/{address}/copies/{id}</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, string id, HttpContext http, CopyReader reader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(reader);
        return await reader.FindAsync(id, http, stop) is { } copy ? new Answer(200, copy) : Problems.Of(PlatformProblems.NotFound);
    }

    /// <summary><c>GET /api/v1/accounts/{address}/copies/{id}/events</c> → the copy each time that it has moved (<see cref="Follow"/>).</summary>
    public static Task<IResult> HandleEvents(string address, string id, HttpContext http, CopyReader reader, TimeProvider time, CancellationToken stop)
        => Follow.AnswerAsync("copy", () => reader.FindAsync(id, http, stop), copy => copy.FinishedAt is not null, http, time, stop);

    private static CopyView Read(DbDataReader row, CultureInfo language)
    {
        var (state, reason) = (row.GetString(1), row.TextOrNull(15));
        var bytes = new CopyBytes(row.IsDBNull(12) ? null : row.GetInt64(12), row.GetInt64(13));
        var rate = state == JobStates.Running && row.GetInt64(14) > 0 ? row.GetInt64(14) : (long?)null;
        return new(
            row.GetString(0), state, new(row.GetString(2), row.IsDBNull(3) ? null : row.GetInt32(3), row.TextOrNull(4), row.GetString(5)), row.GetString(6), null,
            new(row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10), row.GetInt64(11)), bytes, rate,
            bytes.Total is { } total && rate is { } perSecond ? Math.Max(0, total - bytes.Done) / perSecond : null,
            reason, reason is null ? null : Problems.Text(new(CopyTexts.OfReason(reason)), language), row.TextOrNull(16), null, Time(row, 18), null, row.TextOrNull(17),
            row.GetFieldValue<DateTimeOffset>(19), Time(row, 20), Time(row, 21));
    }

    private static DateTimeOffset? Time(DbDataReader row, int column) => row.IsDBNull(column) ? null : row.GetFieldValue<DateTimeOffset>(column);
}
