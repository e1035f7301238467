namespace Hikyaku.Panel.Screens.Jobs;

/// <summary>A job as its page and lists show it.</summary>
/// <param name="Id">Its id, which begins with its service's name.</param>
/// <param name="Kind">What it does.</param>
/// <param name="State">queued, running, paused, succeeded, failed or cancelled.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="Stages">What it goes through; null where there is only one.</param>
/// <param name="Domain">In A-labels.</param>
/// <param name="Account">The account that it is about; null when it is about no single one, or that has gone.</param>
/// <param name="Result">What came of it, once it has succeeded.</param>
/// <param name="Errors">What is wrong with the file; absent in lists.</param>
/// <param name="MoreErrors">How many there are beside those.</param>
/// <param name="Problems">How many things are wrong with the file.</param>
/// <param name="Reference">For support, when it has failed by the platform's fault.</param>
/// <param name="DryRun">Whether it only looks.</param>
/// <param name="CreatedAt">When it was asked for.</param>
/// <param name="FinishedAt">When it ended.</param>
public sealed record JobRow(
    string Id, string Kind, string State, JobCounts Progress, IReadOnlyList<JobStageRow>? Stages, string Domain, string? Account, JobEnd? Result,
    IReadOnlyList<JobErrorRow>? Errors, long? MoreErrors, long? Problems, string? Reference, bool? DryRun, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt)
{
    /// <summary>Whether nothing more will come.</summary>
    public bool HasEnded => FinishedAt is not null;

    /// <summary>The stage that it is at; null where there is only one.</summary>
    public string? Stage => Stages?.FirstOrDefault(s => s.State is "running" or "paused")?.Name;

    /// <summary>
    /// Whether the platform still takes a cancellation, as far as can be seen: nothing has been changed yet. It judges itself, as the job
    /// may be further by then.
    /// </summary>
    public bool CanBeCancelled => !HasEnded && Kind switch
    {
        JobWords.Registration or JobWords.Change => State == "queued" || Stage is "check" or "reserve",
        JobWords.Copy => true,
        _ => false,
    };

    /// <summary>Whether what it changed can be put back (N-6).</summary>
    public bool CanBeUndone => Kind == JobWords.Change && State == "succeeded" && DryRun is not true && Result?.Changed > 0;

    /// <summary>The settings page that its file was sent from; null when it has none.</summary>
    public string? FilePage => Kind switch
    {
        JobWords.Registration => $"/domains/{Domain}/bulk/register",
        JobWords.Change => $"/domains/{Domain}/bulk/edit",
        _ => null,
    };
}

/// <summary>How far a job is.</summary>
/// <param name="Done">Items that are done.</param>
/// <param name="Total">How many there are; 0 until they are counted.</param>
public sealed record JobCounts(long Done, long Total);

/// <summary>One part of a job's way.</summary>
/// <param name="Name">As its kind calls it.</param>
/// <param name="State">waiting, running, done, failed or cancelled.</param>
public sealed record JobStageRow(string Name, string State);

/// <summary>One thing that is wrong with a file.</summary>
/// <param name="Line">The line; the header is 1.</param>
/// <param name="Column">The column; null where it is the whole line.</param>
/// <param name="Detail">In the reader's language.</param>
public sealed record JobErrorRow(int Line, string? Column, string Detail);

/// <summary>What came of a job: the fields of its kind's result, others are null.</summary>
/// <param name="Registered">Accounts that were registered.</param>
/// <param name="Changed">Accounts that were changed.</param>
/// <param name="Skipped">Rows that were left out.</param>
/// <param name="Deleted">Accounts that were deleted.</param>
/// <param name="FreedBytes">What deleted mail took.</param>
/// <param name="Undone">Accounts that were put back.</param>
/// <param name="LeftCount">Accounts that an undo left as they are.</param>
/// <param name="Left">Those and why.</param>
/// <param name="ReadAs">As which encoding a file was read that may be meant in another.</param>
/// <param name="Copied">Messages that were copied.</param>
/// <param name="AlreadyThere">Messages that were there before.</param>
public sealed record JobEnd(
    long? Registered, long? Changed, long? Skipped, long? Deleted, long? FreedBytes, long? Undone, long? LeftCount, IReadOnlyList<LeftRow>? Left, string? ReadAs,
    long? Copied, long? AlreadyThere);

/// <summary>An account that an undo left as it is.</summary>
/// <param name="Address">Null once the account is gone.</param>
/// <param name="Detail">Why, in the reader's language.</param>
public sealed record LeftRow(string? Address, string Detail);
