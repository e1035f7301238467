using System.Globalization;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Undo;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Jobs;

/// <summary>How a list of jobs is asked for.</summary>
/// <param name="State">One of <see cref="JobStates"/>.</param>
/// <param name="Kind">One of <see cref="JobKinds"/>.</param>
/// <param name="Domain">In any spelling.</param>
/// <param name="Limit">1 to 500; 50 when absent.</param>
/// <param name="Cursor">From an earlier page's next.</param>
public sealed record JobQuery(string? State, string? Kind, string? Domain, string? Limit, string? Cursor);

/// <summary>Reads jobs (GWY-5). Nobody learns of jobs that they may not see (ROLE-2).</summary>
public static class ReadJobs
{
    /// <summary><c>GET /api/v1/jobs/{id}</c> → 200.</summary>
    public static async Task<IResult> One(string id, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
        => await FindAsync(id, http, database, stop) is { } job ? new Answer(200, job) : Problems.Of(PlatformProblems.NotFound);

    /// <summary>
    /// <c>DELETE /api/v1/jobs/{id}</c> → 200 with the job; 409 when it has ended, or must run to its end: what is being deleted
    /// is gone already, and a bulk job that is past its check and reservations is finished.
    /// </summary>
    public static async Task<IResult> Cancel(string id, HttpContext http, NpgsqlDataSource database, CancelBulkJob cancel, CancellationToken stop)
    {
        if (await FindAsync(id, http, database, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        return await cancel.TryAsync(id, http.Asking().Caller, stop)
            ? new Answer(200, await FindAsync(id, http, database, CancellationToken.None))
            : Problems.Of(AccountsProblems.JobNotCancellable);
    }

    /// <summary><c>GET /api/v1/jobs</c> → 200, newest first.</summary>
    public static async Task<IResult> List([AsParameters] JobQuery query, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        List<Rejection> unreadable = [];
        if (query.State is { } state && !JobStates.All.Contains(state)) unreadable.Add(Bad("state"));
        string? domain = null;
        if (query.Domain is not null && !InternetNames.TryReadDomain(query.Domain, out domain)) unreadable.Add(Bad("domain"));
        if (!ListMailAccounts.TryReadLimit(query.Limit, out var limit)) unreadable.Add(Bad("limit"));
        var before = DateTimeOffset.MaxValue;
        if (!Cursor.TryRead(query.Cursor, out var cursor)
            || (cursor is not null && !DateTimeOffset.TryParse(cursor.Value, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out before)))
        {
            unreadable.Add(Bad("cursor"));
        }

        return unreadable.Count > 0
            ? Problems.Of(unreadable)
            : await PageAsync(query, domain, before, cursor?.Key ?? "", limit, http, database, stop);
    }

    /// <summary>A job that the caller may see, as they read it; null when there is none.</summary>
    internal static async Task<JobView?> FindAsync(string id, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        var job = (await JobView.ReadAsync(database, http.Asking().Caller, "and j.id = $5", [id], stop)).SingleOrDefault();
        if (job is null) return null;
        var language = Problems.LanguageOf(http.Request);
        return await JobLeft.ShowAsync(database, await JobProblems.ShowAsync(database, job, language, stop), language, stop);
    }

    private static async Task<IResult> PageAsync(
        JobQuery query, string? domain, DateTimeOffset before, string key, int limit, HttpContext http, NpgsqlDataSource database, CancellationToken stop)
    {
        var jobs = await JobView.ReadAsync(
            database, http.Asking().Caller,
            """
            and ($5 = '' or j.state = $5) and ($6 = '' or j.kind = $6) and ($7 = '' or j.domain = $7) and (j.created_at, j.id) < ($8, $9)
            order by j.created_at desc, j.id desc limit $10
            """,
            [query.State ?? "", query.Kind ?? "", domain ?? "", before, key, limit + 1], stop);
        string? next = null;
        if (jobs.Count > limit)
        {
            jobs.RemoveAt(limit);
            next = new Cursor(jobs[^1].CreatedAt.ToString("O", CultureInfo.InvariantCulture), jobs[^1].Id, Back: false).ToString();
            http.Response.Headers.Link = $"<{http.Request.Path}{ListMailAccounts.NextQuery(http.Request, next)}>; rel=\"next\"";
        }

        return new Answer(200, new Page<JobView>(jobs, next));
    }

    private static Rejection Bad(string parameter) => new(PlatformProblems.BadParameter, parameter, ("name", parameter));
}
