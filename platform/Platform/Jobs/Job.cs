using System.Text.Json.Serialization;

namespace Hikyaku.Platform;

// The events below are the storage format of jobs in every service, under names of its own (accounts.job-queued.v1): what is
// written stays for ever. Add fields only as optional ones, never rename or retype one; a new shape is a new version in the
// services' Storage/EventNames.cs and an upcaster.

/// <summary>Long work was asked for and waits for a worker.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Kind">The name of one of the service's <see cref="JobKind"/>s.</param>
/// <param name="Domain">The domain that everything of it is in, in A-labels.</param>
/// <param name="DryRun">Whether it is to find out what would happen, and change nothing.</param>
/// <param name="At">When.</param>
/// <param name="Undoes">The job that it undoes; null when it is another kind of work.</param>
public sealed record JobQueued(string JobId, string Kind, string Domain, bool DryRun, DateTimeOffset At, string? Undoes = null);

/// <summary>Long work began. How far it is stands in <see cref="JobTable"/>: it is measured, not decided.</summary>
/// <param name="JobId">Its id.</param>
/// <param name="Kind">The name of one of the service's <see cref="JobKind"/>s.</param>
/// <param name="Domain">The domain that everything of it is in, in A-labels.</param>
/// <param name="AccountId">The account, when it is about one; a job about many is named by their own events.</param>
/// <param name="Total">How many items there are to do; 0 when they are yet to be counted.</param>
/// <param name="At">When.</param>
public sealed record JobStarted(string JobId, string Kind, string Domain, string? AccountId, long Total, DateTimeOffset At);

/// <summary>It is done and in force.</summary>
/// <param name="Items">How many items were done.</param>
/// <param name="Bytes">What was freed, in events without <paramref name="Result"/>.</param>
/// <param name="At">When.</param>
/// <param name="Skipped">How many items were left out, where that can be.</param>
/// <param name="Result">What came of it, as its kind says; null in events of before 2026-11-28.</param>
public sealed record JobSucceeded(
    long Items, long? Bytes, DateTimeOffset At, long? Skipped = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] JobResult? Result = null);

/// <summary>It cannot be finished; it may be tried again.</summary>
/// <param name="Reference">For support: finds what the logs say of it; null when what was asked for is at fault.</param>
/// <param name="At">When.</param>
/// <param name="Problems">How many there are in what was asked for; <see cref="JobProblems"/> has them.</param>
public sealed record JobFailed(string? Reference, DateTimeOffset At, long? Problems = null);

/// <summary>Somebody has cancelled it; nothing of it was done.</summary>
public sealed record JobCancelled(DateTimeOffset At);

/// <summary>What the events of one job add up to.</summary>
public sealed record Job : IState<Job>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(JobQueued), typeof(JobStarted), typeof(JobSucceeded), typeof(JobFailed), typeof(JobCancelled)];

    /// <summary>Its id, which is the stream's key: the service's name and a UUIDv7 in 32 hex digits, like <c>accounts-…</c>; opaque to clients.</summary>
    public required string Id { get; init; }

    /// <summary>The name of one of the service's <see cref="JobKind"/>s.</summary>
    public required string Kind { get; init; }

    /// <summary>One of <see cref="JobStates"/>.</summary>
    public required string State { get; init; }

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
