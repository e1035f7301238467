namespace Hikyaku.Platform;

/// <summary>Takes long work in.</summary>
public static class QueueJob
{
    /// <summary>Begins a job in a command's transaction: from the answer on the work is done, whoever crashes.</summary>
    /// <param name="jobs">The service's jobs.</param>
    /// <param name="context">The command.</param>
    /// <param name="job">The job.</param>
    /// <param name="askedBy">Who asks; events of the job are stamped with it.</param>
    /// <param name="upload">What was handed in, sealed by <see cref="SecretBox"/>.</param>
    /// <returns>202 with the job.</returns>
    public static Answer Queue(this ServiceJobs jobs, CommandContext context, JobQueued job, Caller askedBy, byte[]? upload = null)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(job);
        context.Session.Events.StartStream<Job>(job.JobId, job);
        JobWork.Add(context.Session, jobs, job, askedBy, upload);
        return new Answer(202, JobView.Waiting(job, jobs.Kind(job.Kind)), Location: $"/api/v1/jobs/{job.JobId}");
    }
}
