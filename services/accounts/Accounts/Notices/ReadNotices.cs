using System.Globalization;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Notices;

/// <summary>A notice as the API shows it.</summary>
/// <param name="Id">For marking it.</param>
/// <param name="At">When what it tells happened.</param>
/// <param name="Kind">What it tells, like <c>password-forcibly-changed</c>.</param>
/// <param name="Domain">Where it happened.</param>
/// <param name="Account">The address of the account that it is about; absent when it is about no single one.</param>
/// <param name="Job">The id of the job that it is about, when it is about one.</param>
/// <param name="Text">What happened and what to do, in the reader's language.</param>
/// <param name="Read">Whether the reader has marked it as read.</param>
public sealed record NoticeView(string Id, DateTimeOffset At, string Kind, string Domain, string? Account, string? Job, string Text, bool Read);

/// <summary>One page of notices, newest first.</summary>
/// <param name="Items">The page's notices.</param>
/// <param name="Next">Cursor of the next page; absent on the last.</param>
/// <param name="Unread">How many the reader has not read, whatever was asked for; <see cref="ReadNotices.MaxCounted"/> stands for more, too.</param>
public sealed record NoticePage(IReadOnlyList<NoticeView> Items, string? Next, int Unread);

/// <summary>
/// The message board. What happens to accounts is for operators and the domain's administrators; that a job has ended is for
/// whoever started it, the domain's administrators and, when it has failed, operators.
/// </summary>
public static class ReadNotices
{
    /// <summary>Where counting unread notices ends.</summary>
    public const int MaxCounted = 1000;

    /// <summary>What somebody may see, as a condition over $1, the domains that they administer (null for operators), and $2, who they are.</summary>
    internal const string InScope = "(domain = any($1) or started_by = $2 or ($1::text[] is null and for_operators))";

    /// <summary>What <see cref="ListAsync"/> reads.</summary>
    internal const string Columns = "id, at, kind, domain, address, job_id, $2 = any(read_by)";

    /// <summary><c>GET /api/v1/notices?state=unread|all&amp;kind=&amp;limit=&amp;cursor=</c> → 200.</summary>
    public static async Task<IResult> Handle(string? state, string? kind, string? limit, string? cursor, HttpContext http, NpgsqlDataSource database, JobReader reader, CancellationToken stop)
    {
        List<Rejection> unreadable = [];
        if (state is not (null or "" or "all" or "unread")) unreadable.Add(Bad("state"));
        if (!string.IsNullOrEmpty(kind) && !NoticeKinds.Has(kind)) unreadable.Add(Bad("kind"));
        if (!Paging.TryReadLimit(limit, out var size)) unreadable.Add(Bad("limit"));
        var (at, id) = (DateTimeOffset.UnixEpoch, Guid.Empty);
        if (!Cursor.TryRead(cursor, out var after) || !Fits(after, ref at, ref id)) unreadable.Add(Bad("cursor"));
        if (unreadable.Count > 0) return Problems.Of(unreadable);

        var (caller, language) = (http.Asking().Caller, Problems.LanguageOf(http.Request));
        await using var command = database.CreateCommand(
            $"""
            select {Columns} from notice where {InScope}
            {(state == "unread" ? "and not ($2 = any(read_by))" : "")}
            {(string.IsNullOrEmpty(kind) ? "" : "and kind = $4")}
            {(after is null ? "" : "and (at, id) < ($5, $6)")}
            order by at desc, id desc limit $3
            """);
        Reader(command, caller);
        foreach (var value in new object[] { size + 1, kind ?? "", at, id }) command.Parameters.Add(new() { Value = value });
        var items = await ListAsync(command, reader, caller, language, stop);
        var next = items.Count > size ? new Cursor(items[size - 1].At.ToString("O", CultureInfo.InvariantCulture), items[size - 1].Id, Back: false).ToString() : null;
        if (next is not null) Paging.LinkNext(http, next);
        http.Response.Headers.ContentLanguage = language.Name;
        return new Answer(200, new NoticePage([.. items.Take(size)], next, await UnreadAsync(database, caller, stop)));
    }

    /// <summary>Gives a command the reader: $1 and $2 of <see cref="InScope"/>.</summary>
    internal static void Reader(NpgsqlCommand command, Caller caller)
    {
        object domains = caller.Role switch { Roles.Operator => DBNull.Value, Roles.Admin => caller.Domains.ToArray(), _ => Array.Empty<string>() };
        command.Parameters.Add(new() { Value = domains, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Array | NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = caller.AccountId ?? caller.Login });
    }

    /// <summary>Runs a command that answers notices.</summary>
    internal static async Task<List<NoticeView>> ListAsync(NpgsqlCommand command, JobReader reader, Caller caller, CultureInfo language, CancellationToken stop)
    {
        var items = new List<NoticeView>();
        await using (var row = await command.ExecuteReaderAsync(stop))
        {
            while (await row.ReadAsync(stop))
            {
                items.Add(new(
                    row.GetGuid(0).ToString("N"), row.GetFieldValue<DateTimeOffset>(1), row.GetString(2), row.GetString(3),
                    row.GetString(4) is { Length: > 0 } address ? address : null, await row.IsDBNullAsync(5, stop) ? null : row.GetString(5), "", row.GetBoolean(6)));
            }
        }

        // Whoever sees the notice of a job sees the job.
        var ended = items.Where(i => i.Job is not null).Select(i => i.Job!).ToArray();
        var jobs = (await reader.ReadAsync(caller, "and j.id = any($5)", [ended], stop)).ToDictionary(j => j.Id);
        return items.ConvertAll(i => i with { Text = NoticeKinds.Text(i.Kind, i.Account ?? "", i.Job is null ? null : jobs[i.Job], language) });
    }

    private static async Task<int> UnreadAsync(NpgsqlDataSource database, Caller caller, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            $"select count(*)::int from (select 1 from notice where {InScope} and not ($2 = any(read_by)) limit {MaxCounted}) unread");
        Reader(command, caller);
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
