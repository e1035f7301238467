namespace Hikyaku.Platform;

/// <summary>A job as the API shows it.</summary>
/// <param name="Id">Opaque.</param>
/// <param name="Kind">The name of one of the service's kinds.</param>
/// <param name="State">queued, running, succeeded, failed or cancelled.</param>
/// <param name="Progress">How far it is, in the kind's items: accounts or messages.</param>
/// <param name="Stages">What it goes through, in order; absent where there is only one.</param>
/// <param name="Domain">The domain that everything of it is in.</param>
/// <param name="Account">The account that it is about, when it is one that still exists.</param>
/// <param name="Result">What came of it, once it has succeeded; the kind's own record.</param>
/// <param name="Errors">What is wrong with what was asked for, in the reader's language, by line; at most 1,000, and absent in lists.</param>
/// <param name="MoreErrors">How many there are beside those; absent when there are none.</param>
/// <param name="Problems">How many things are wrong with what was asked for, once it has failed of that.</param>
/// <param name="Reference">For support, once it has failed by the platform's fault.</param>
/// <param name="DryRun">True when it only finds out what would happen; else absent.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended; absent while it runs.</param>
public sealed record JobView(
    string Id, string Kind, string State, JobProgress Progress, IReadOnlyList<JobStage>? Stages, string Domain, string? Account, object? Result,
    IReadOnlyList<JobError>? Errors, long? MoreErrors, long? Problems, string? Reference, bool? DryRun, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>A job that has just begun, as it will be read.</summary>
    public static JobView Begun(JobStarted job, string? account)
        => new(job.JobId, job.Kind, JobStates.Running, new(0, job.Total), null, job.Domain, account, null, null, null, null, null, null, job.At, null);

    /// <summary>A job that waits, as it will be read.</summary>
    public static JobView Waiting(JobQueued job, JobKind kind) => new(
        job.JobId, job.Kind, JobStates.Queued, new(0, 0), JobStage.Of(kind.Stages(job.DryRun), JobStates.Queued, null), job.Domain, null, null, null, null, null, null,
        job.DryRun ? true : null, job.At, null);
}

/// <summary>How far a job is.</summary>
/// <param name="Done">Items that are done.</param>
/// <param name="Total">How many there are; 0 until they are counted.</param>
public sealed record JobProgress(long Done, long Total);
