using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary>How a list of jobs is asked for.</summary>
/// <param name="State">One of <see cref="JobStates"/>.</param>
/// <param name="Kind">The name of a kind.</param>
/// <param name="Domain">In any spelling.</param>
/// <param name="Limit">1 to 500; 50 when absent.</param>
/// <param name="Cursor">From an earlier page's next.</param>
public sealed record JobQuery(string? State, string? Kind, string? Domain, string? Limit, string? Cursor);

/// <summary>Lists jobs (GWY-5), newest first.</summary>
public static class ListJobs
{
    /// <summary><c>GET /api/v1/jobs</c> → 200.</summary>
    public static async Task<IResult> Handle([AsParameters] JobQuery query, HttpContext http, JobReader reader, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(query);
        List<Rejection> unreadable = [];
        if (query.State is { } state && !JobStates.All.Contains(state)) unreadable.Add(Bad("state"));
        string? domain = null;
        if (query.Domain is not null && !InternetNames.TryReadDomain(query.Domain, out domain)) unreadable.Add(Bad("domain"));
        if (!Paging.TryReadLimit(query.Limit, out var limit)) unreadable.Add(Bad("limit"));
        if (!Cursor.TryReadTime(query.Cursor, out var cursor, out var before)) unreadable.Add(Bad("cursor"));
        return unreadable.Count > 0
            ? Problems.Of(unreadable)
            : await PageAsync(query, domain, before ?? DateTimeOffset.MaxValue, cursor?.Key ?? "", limit, http, reader, stop);
    }

    private static async Task<IResult> PageAsync(
        JobQuery query, string? domain, DateTimeOffset before, string key, int limit, HttpContext http, JobReader reader, CancellationToken stop)
    {
        var jobs = await reader.ReadAsync(
            http.Asking().Caller,
            """
            and ($5 = '' or j.state = $5) and ($6 = '' or j.kind = $6) and ($7 = '' or j.domain = $7) and (j.created_at, j.id) < ($8, $9)
            order by j.created_at desc, j.id desc limit $10
            """,
            [query.State ?? "", query.Kind ?? "", domain ?? "", before, key, limit + 1], stop);
        string? next = null;
        if (jobs.Count > limit)
        {
            jobs.RemoveAt(limit);
            next = Cursor.At(jobs[^1].CreatedAt, jobs[^1].Id).ToString();
            Paging.LinkNext(http, next);
        }

        return new Answer(200, new Page<JobView>(jobs, next));
    }

    private static Rejection Bad(string parameter) => new(PlatformProblems.BadParameter, parameter, ("name", parameter));
}
