using Hikyaku.Platform;

namespace Hikyaku.Accounts.Jobs;

// The events below are the storage format of jobs: what is written stays for ever. Add fields only as optional ones,
// never rename or retype one; a new shape is a new version in Storage/EventNames.cs and an upcaster.

/// <summary>Long work was asked for and waits for a worker.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Kind">One of <see cref="JobKinds"/>.</param>
/// <param name="Domain">The domain that everything of it is in, in A-labels.</param>
/// <param name="DryRun">Whether it is to find out what would happen, and change nothing.</param>
/// <param name="At">When.</param>
/// <param name="Undoes">The job that it undoes; null when it is another kind of work.</param>
public sealed record JobQueued(string JobId, string Kind, string Domain, bool DryRun, DateTimeOffset At, string? Undoes = null);

/// <summary>Long work began. How far it is stands in <see cref="JobTable"/>: it is measured, not decided.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Kind">One of <see cref="JobKinds"/>.</param>
/// <param name="Domain">The domain that everything of it is in, in A-labels.</param>
/// <param name="AccountId">The account, when it is about one; a job about many is named by their own events.</param>
/// <param name="Total">How much there is to do: accounts, or messages when they are counted (else 0).</param>
/// <param name="At">When.</param>
public sealed record JobStarted(string JobId, string Kind, string Domain, string? AccountId, long Total, DateTimeOffset At);

/// <summary>It is done and in force.</summary>
/// <param name="Items">How many accounts or messages.</param>
/// <param name="Bytes">What was freed, where that is known.</param>
/// <param name="At">When.</param>
/// <param name="Skipped">How many were left out, where that can be.</param>
public sealed record JobSucceeded(long Items, long? Bytes, DateTimeOffset At, long? Skipped = null);

/// <summary>It cannot be finished; it may be tried again.</summary>
/// <param name="Reference">For support: finds what the logs say of it; null when what was asked for is at fault.</param>
/// <param name="At">When.</param>
/// <param name="Problems">How many there are in what was asked for; <see cref="JobProblems"/> has them.</param>
public sealed record JobFailed(string? Reference, DateTimeOffset At, long? Problems = null);

/// <summary>Somebody has cancelled it; nothing of it was done.</summary>
public sealed record JobCancelled(DateTimeOffset At);

/// <summary>What jobs do.</summary>
public static class JobKinds
{
    /// <summary>Deletes accounts (ACC-5).</summary>
    public const string AccountDeletion = "account-deletion";

    /// <summary>Deletes all mail of one account (ACC-6).</summary>
    public const string MailDataDeletion = "mail-data-deletion";

    /// <summary>Registers the accounts of a file (ACC-9).</summary>
    public const string BulkRegistration = "bulk-registration";

    /// <summary>Changes accounts as a file says (ACC-10).</summary>
    public const string BulkChange = "bulk-change";

    /// <summary>Undoes a bulk job (OPS-3).</summary>
    public const string Undo = "undo";
}

/// <summary>Where a job stands (GWY-5).</summary>
public static class JobStates
{
    /// <summary>Waits for a worker.</summary>
    public const string Queued = "queued";

    /// <summary>At work.</summary>
    public const string Running = "running";

    /// <summary>Done and in force.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Not done; may be tried again.</summary>
    public const string Failed = "failed";

    /// <summary>Not done, because somebody did not want it any more.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [Queued, Running, Succeeded, Failed, Cancelled];
}

/// <summary>What the events of one job add up to.</summary>
public sealed record Job : IState<Job>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(JobQueued), typeof(JobStarted), typeof(JobSucceeded), typeof(JobFailed), typeof(JobCancelled)];

    /// <summary>Its id, which is the stream's key: <c>accounts-</c> and a UUIDv7 in 32 hex digits; opaque to clients.</summary>
    public required string Id { get; init; }

    /// <summary>One of <see cref="JobKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>One of <see cref="JobStates"/>.</summary>
    public required string State { get; init; }

    /// <summary>An id for a new job.</summary>
    public static string NewId() => $"accounts-{Guid.CreateVersion7():N}";

    /// <inheritdoc/>
    public static Job? Evolve(Job? state, object e) => e switch
    {
        JobQueued q => new() { Id = q.JobId, Kind = q.Kind, State = JobStates.Queued },
        JobStarted s => new() { Id = s.JobId, Kind = s.Kind, State = JobStates.Running },
        JobSucceeded => state! with { State = JobStates.Succeeded },
        JobFailed => state! with { State = JobStates.Failed },
        JobCancelled => state! with { State = JobStates.Cancelled },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a job"),
    };
}
