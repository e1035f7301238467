namespace Hikyaku.Platform;

/// <summary>What a worker needs to know of a job that it has taken; what changes on the way is in the table.</summary>
/// <param name="Id">The job.</param>
/// <param name="Kind">The name of its kind.</param>
/// <param name="Domain">In A-labels.</param>
/// <param name="DryRun">Whether it only looks.</param>
/// <param name="AskedBy">Who asked; who cancelled, once somebody did.</param>
/// <param name="Phase">One of <see cref="JobPhases"/>, or of the kind's own, when it was taken.</param>
/// <param name="Faults">How often it was put off by something that is not merely away.</param>
/// <param name="Position">Of the newest event, when the job was committed or everything was stored.</param>
/// <param name="Reference">For support, when it fails by the platform's fault.</param>
/// <param name="Owner">Who has its lease.</param>
public sealed record LeasedJob(
    string Id, string Kind, string Domain, bool DryRun, Caller AskedBy, string Phase, int Faults, long? Position, string? Reference, string Owner);

/// <summary>Another worker has taken the job over, or it has ended.</summary>
public sealed class LeaseLostException : Exception
{
    /// <summary>Makes one.</summary>
    public LeaseLostException() : base("Another worker has this job now") { }

    /// <summary>Makes one.</summary>
    public LeaseLostException(string message) : base(message) { }

    /// <summary>Makes one.</summary>
    public LeaseLostException(string message, Exception inner) : base(message, inner) { }
}
