using Microsoft.AspNetCore.Http;

namespace Hikyaku.Platform;

/// <summary><c>GET /api/v1/jobs/{id}/events</c>: the job each time that it has moved, until it has ended (<see cref="Follow"/>).</summary>
public static class FollowJob
{
    /// <summary>The endpoint.</summary>
    public static Task<IResult> Handle(string id, HttpContext http, JobReader reader, TimeProvider time, CancellationToken stop)
        => Follow.AnswerAsync("job", () => reader.FindAsync(id, http, stop), job => job.FinishedAt is not null, http, time, stop);
}
