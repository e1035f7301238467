using System.Globalization;
using System.Resources;
using Hikyaku.Contracts;
using JasperFx.Events;

namespace Hikyaku.Platform;

/// <summary>
/// What the message board tells of jobs (GWY-5, NTC-1): that one has ended is for whoever started it, the administrators of its
/// domain and, when it has failed, operators. Of a job about an account that has gone meanwhile there is nothing to tell, and
/// nothing is told of kinds that have no title. Texts: JobNotices.resx and .ja.resx.
/// </summary>
public sealed class JobNotices(JobReader reader, ServiceJobs jobs)
{
    private static readonly ResourceManager Texts = new("Hikyaku.Platform.JobNotices", typeof(JobNotices).Assembly);
    private static readonly ProblemCode Finished = new("notices.job-finished", 200, Texts);
    private static readonly ProblemCode Failed = new("notices.job-failed", 200, Texts);
    private static readonly ProblemCode Cancelled = new("notices.job-cancelled", 200, Texts);

    /// <summary>The notices of the jobs that a page of events ends.</summary>
    public Task<IReadOnlyList<NoticeRaised>> OfAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
        => OfAsync(page.Where(e => e.Data is JobSucceeded or JobFailed or JobCancelled).DistinctBy(e => e.StreamKey).ToDictionary(e => e.StreamKey!, e => e.Id), stop);

    /// <summary>The notices of jobs that have ended.</summary>
    /// <param name="ends">By the job's id the id of the event that ended it, which is the notice's, too.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<IReadOnlyList<NoticeRaised>> OfAsync(IReadOnlyDictionary<string, Guid> ends, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(ends);
        if (ends.Count == 0) return [];
        var ended = await reader.EndedAsync([.. ends.Keys], stop);
        return
        [
            .. from e in ended
               where jobs.Kind(e.Job.Kind).Title is not null && (e.AccountId is null || e.Job.Account is not null)
               select new NoticeRaised(
                   ends[e.Job.Id], NoticeKinds.JobFinished, e.Job.FinishedAt!.Value,
                   new(Administrators: true, Operators: e.Job.State == JobStates.Failed, StartedBy: e.StartedBy),
                   e.Job.Domain, e.AccountId, e.Job.Account, e.Job.Id, Problems.InEveryLanguage(language => Text(e.Job, jobs.Kind(e.Job.Kind), language))),
        ];
    }

    /// <summary>In one sentence, how a job has ended.</summary>
    public static string Text(JobView job, JobKind kind, CultureInfo language)
    {
        ArgumentNullException.ThrowIfNull(job);
        ArgumentNullException.ThrowIfNull(kind);
        var title = Problems.Text(new(kind.Title ?? throw new InvalidOperationException($"Jobs of the kind {kind.Name} have no title")), language);
        return Problems.Text(new(Finished, null, ("job", title), ("a", job.Account ?? job.Domain), ("result", Problems.Text(ResultOf(job, kind), language))), language);
    }

    private static Rejection ResultOf(JobView job, JobKind kind) => job.State switch
    {
        JobStates.Cancelled => new(Cancelled),
        JobStates.Failed when job.Problems is null => new(Failed, null, ("ref", job.Reference ?? "")),
        JobStates.Succeeded or JobStates.Failed => kind.Words?.Invoke(job) ?? throw new InvalidOperationException($"Jobs of the kind {kind.Name} have no words for their end"),
        _ => throw new InvalidOperationException($"The job {job.Id} has not ended"),
    };
}

/// <summary>A job that has ended, for nobody's eyes in particular.</summary>
/// <param name="Job">The job.</param>
/// <param name="StartedBy">A user's account id, or a login.</param>
/// <param name="AccountId">The account that it is about, also of one that has gone meanwhile.</param>
internal sealed record EndedJob(JobView Job, string StartedBy, string? AccountId);
