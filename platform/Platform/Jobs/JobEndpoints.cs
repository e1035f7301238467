using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hikyaku.Platform;

/// <summary>The calls that every service with jobs answers. Nobody learns of jobs that they may not see (ROLE-2).</summary>
public static class JobEndpoints
{
    /// <summary>Maps them below <c>/api/v1/jobs</c>, for all who sign in.</summary>
    public static void MapJobs(this IEndpointRouteBuilder app)
    {
        var jobs = app.MapGroup("/api/v1/jobs");
        jobs.MapGet("", ListJobs.Handle).Produces<Page<JobView>>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("List jobs");
        jobs.MapGet("/{id}", ReadAsync).Produces<JobView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Read a job");
        jobs.MapDelete("/{id}", CancelAsync).Produces<JobView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Cancel a job");
        jobs.MapGet("/{id}/events", FollowJob.Handle).Produces<string>(200, "text/event-stream")
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Follow a job");
    }

    private static async Task<IResult> ReadAsync(string id, HttpContext http, JobReader reader, CancellationToken stop)
        => await reader.FindAsync(id, http, stop) is { } job ? new Answer(200, job) : Problems.Of(PlatformProblems.NotFound);

    // 409 when it has ended, must run to its end, or is of a kind that nobody can cancel: what is being deleted is gone already.
    private static async Task<IResult> CancelAsync(string id, HttpContext http, JobReader reader, ICancelsJobs cancel, CancellationToken stop)
    {
        if (await reader.FindAsync(id, http, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        return await cancel.TryAsync(id, http.Asking().Caller, stop)
            ? new Answer(200, await reader.FindAsync(id, http, CancellationToken.None))
            : Problems.Of(PlatformProblems.JobNotCancellable);
    }
}
