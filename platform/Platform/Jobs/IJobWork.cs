namespace Hikyaku.Platform;

/// <summary>
/// How jobs of a kind are done by workers. Whatever it does in the database it does in steps (<see cref="JobSteps"/>): each
/// happens whole or not at all, and a worker that takes the job over goes on where the last one ended.
/// </summary>
public interface IJobWork
{
    /// <summary>The name of the kind.</summary>
    string Kind { get; }

    /// <summary>
    /// Takes a job as far as it goes, from where it is: until everything is stored (<see cref="JobSteps.AppliedAsync"/>), it only
    /// was to look (<see cref="JobSteps.SucceedAsync"/>), or it cannot be done (<see cref="JobSteps.FailAsync(LeasedJob, IEnumerable{JobProblem}, long, CancellationToken)"/>).
    /// </summary>
    Task RunAsync(LeasedJob job, CancellationToken stop);

    /// <summary>Gives back, in a step, some of what a job holds that fails or was cancelled; false when there is no more of it.</summary>
    Task<bool> GiveBackSomeAsync(JobStep step, CancellationToken stop) => Task.FromResult(false);

    /// <summary>Gives back the rest, in the step that ends the job.</summary>
    Task GiveBackRestAsync(JobStep step, CancellationToken stop) => Task.CompletedTask;

    /// <summary>What came of a job of which everything is stored, and in force by now; read in the step that ends it.</summary>
    Task<JobSucceeded> SucceededAsync(JobStep step, CancellationToken stop);
}
