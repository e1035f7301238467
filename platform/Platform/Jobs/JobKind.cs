using Marten;

namespace Hikyaku.Platform;

/// <summary>A kind of long work, as its service declares it.</summary>
/// <param name="Name">What clients call it, like <c>bulk-change</c>.</param>
/// <param name="Result">The record of what comes of it; its JSON is stored with the job's end.</param>
public sealed record JobKind(string Name, Type Result)
{
    /// <summary>The parts that it goes through, in order, by whether it only looks; none where it has one part.</summary>
    public Func<bool, IReadOnlyList<string>> Stages { get; init; } = _ => [];

    /// <summary>Whether jobs of this kind, and of others that say so, are done one after the other within a domain.</summary>
    public bool IsInTurn { get; init; }

    /// <summary>What people call it on the message board, without placeholders; null: its ends are not told there.</summary>
    public ProblemCode? Title { get; init; }

    /// <summary>What came of a job that has succeeded, or that has failed because of problems in what was asked for.</summary>
    public Func<JobView, Rejection>? Words { get; init; }

    /// <summary>
    /// What else is stored when a running job has not moved for long and is given up; null for kinds that are never given up.
    /// </summary>
    public Func<IDocumentSession, GivenUpJob, CancellationToken, Task>? WhenGivenUp { get; init; }
}

/// <summary>A job that has not moved for long.</summary>
/// <param name="Id">The job.</param>
/// <param name="AccountId">The account that it is about; empty when it is about no single one.</param>
/// <param name="Reference">For support.</param>
/// <param name="At">When it was given up.</param>
public sealed record GivenUpJob(string Id, string AccountId, string Reference, DateTimeOffset At);
