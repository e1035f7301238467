namespace Hikyaku.Platform;

/// <summary>Ends jobs that fail or were cancelled: what they hold is given back, some at a time, then it is told that they have ended.</summary>
public sealed class JobWithdrawal(JobSteps steps, IEnumerable<IJobWork> works)
{
    private readonly Dictionary<string, IJobWork> _works = works.ToDictionary(w => w.Kind, StringComparer.Ordinal);

    /// <summary>Withdraws a job that is failing or cancelling.</summary>
    public async Task WithdrawAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        var work = _works[job.Kind];
        while (await GiveBackSomeAsync(job, work, stop)) { }
        await using var step = await steps.BeginAsync(job, stop);
        await work.GiveBackRestAsync(step, stop);
        step.End(step.Job.Phase == JobPhases.Cancelling
            ? new JobCancelled(step.Now)
            : new JobFailed(step.Job.Reference, step.Now, await JobProblems.CountAsync(step.Session, job.Id, stop)));
        await step.SaveAsync(stop);
    }

    private async Task<bool> GiveBackSomeAsync(LeasedJob job, IJobWork work, CancellationToken stop)
    {
        await using var step = await steps.BeginAsync(job, stop);
        if (!await work.GiveBackSomeAsync(step, stop)) return false;
        await step.SaveAsync(stop);
        return true;
    }
}
