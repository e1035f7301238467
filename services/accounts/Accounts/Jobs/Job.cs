using Hikyaku.Platform;

namespace Hikyaku.Accounts.Jobs;

// The events below are the storage format of jobs: what is written stays for ever. Add fields only as optional ones,
// never rename or retype one; a new shape is a new version in Storage/EventNames.cs and an upcaster.

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
public sealed record JobSucceeded(long Items, long? Bytes, DateTimeOffset At);

/// <summary>It cannot be finished; it may be tried again.</summary>
/// <param name="Reference">For support: finds what the logs say of it.</param>
/// <param name="At">When.</param>
public sealed record JobFailed(string Reference, DateTimeOffset At);

/// <summary>What jobs do.</summary>
public static class JobKinds
{
    /// <summary>Deletes accounts (ACC-5).</summary>
    public const string AccountDeletion = "account-deletion";

    /// <summary>Deletes all mail of one account (ACC-6).</summary>
    public const string MailDataDeletion = "mail-data-deletion";
}

/// <summary>Where a job stands (GWY-5).</summary>
public static class JobStates
{
    /// <summary>At work.</summary>
    public const string Running = "running";

    /// <summary>Done and in force.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Not done; may be tried again.</summary>
    public const string Failed = "failed";

    /// <summary>All of them, also those that no job of this service has.</summary>
    public static readonly IReadOnlyList<string> All = ["queued", Running, Succeeded, Failed, "cancelled"];
}

/// <summary>What the events of one job add up to.</summary>
public sealed record Job : IState<Job>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(JobStarted), typeof(JobSucceeded), typeof(JobFailed)];

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
        JobStarted s => new() { Id = s.JobId, Kind = s.Kind, State = JobStates.Running },
        JobSucceeded => state! with { State = JobStates.Succeeded },
        JobFailed => state! with { State = JobStates.Failed },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a job"),
    };
}
