using Marten;

namespace Hikyaku.Platform;

/// <summary>The steps that jobs of all kinds have in common.</summary>
public sealed class JobSteps(IDocumentStore store, JobWork work, TimeProvider time)
{
    /// <summary>Begins a step; throws <see cref="LeaseLostException"/> when the job is another worker's by now.</summary>
    public async Task<JobStep> BeginAsync(LeasedJob job, CancellationToken stop)
    {
        var session = store.LightweightSession();
        try
        {
            return new(session, await work.MineAsync(session, job, stop), work.TableName, time.GetUtcNow());
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>Begins the step that ends a job of which everything is stored; null when another instance was faster.</summary>
    public async Task<JobStep?> BeginEndAsync(string job, CancellationToken stop)
    {
        var session = store.LightweightSession();
        try
        {
            if (await work.AnyAsync(session, job, stop) is { Phase: JobPhases.Applied } applied) return new(session, applied, work.TableName, time.GetUtcNow());
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }

        await session.DisposeAsync();
        return null;
    }

    /// <summary>The job has begun, unless whoever had it before has said so.</summary>
    /// <param name="job">The job.</param>
    /// <param name="phase">The first phase of its kind.</param>
    /// <param name="stage">The first stage; null when the kind has only one.</param>
    /// <param name="total">How many items there are to do.</param>
    /// <param name="stop">Stops it.</param>
    public async Task StartAsync(LeasedJob job, string phase, string? stage, long total, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        await using var step = await BeginAsync(job, stop);
        if (step.Job.Phase != JobPhases.Queued) return;
        step.Session.Events.Append(job.Id, new JobStarted(job.Id, job.Kind, job.Domain, null, total, step.Now));
        step.Enter(phase);
        if (stage is not null) step.Move(stage, 0, total);
        await step.SaveAsync(stop);
    }

    /// <summary>What is asked for cannot be: from here on what the job holds is given back, which its worker does.</summary>
    public async Task FailAsync(LeasedJob job, IEnumerable<JobProblem> problems, long more, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        await using var step = await BeginAsync(job, stop);
        JobProblems.Store(step.Session, job.Id, problems, more, step.Now);
        step.Session.QueueSqlCommand($"update {work.TableName} set phase = 'failing', upload = null where id = ?", job.Id);
        await step.SaveAsync(stop);
    }

    /// <summary>The platform's fault, and again: from here on what the job holds is given back. The logs tell why, under the reference.</summary>
    public async Task FailAsync(LeasedJob job, string reference, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        await using var step = await BeginAsync(job, stop);
        if (!JobPhases.MayStillEnd(step.Job.Phase)) return;
        step.Session.QueueSqlCommand($"update {work.TableName} set phase = 'failing', upload = null, reference = ? where id = ?", reference, job.Id);
        await step.SaveAsync(stop);
    }

    /// <summary>The job has succeeded, and waits for no node: it only was to look.</summary>
    public async Task SucceedAsync(LeasedJob job, Func<DateTimeOffset, JobSucceeded> end, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(end);
        await using var step = await BeginAsync(job, stop);
        step.End(end(step.Now));
        await step.SaveAsync(stop);
    }

    /// <summary>Everything is stored: what was handed in goes, and the job waits until it is in force.</summary>
    /// <param name="job">The job.</param>
    /// <param name="last">What else belongs to the step.</param>
    /// <param name="stop">Stops it.</param>
    public async Task AppliedAsync(LeasedJob job, Func<JobStep, Task> last, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(last);
        await using var step = await BeginAsync(job, stop);
        await last(step);
        step.Session.QueueSqlCommand(
            $"update {work.TableName} set phase = 'applied', upload = null, owner = null, until = null, position = (select coalesce(max(seq_id), 0) from mt_events) where id = ?",
            step.Job.Id);
        await step.SaveAsync(stop);
    }
}
