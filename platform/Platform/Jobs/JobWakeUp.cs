using MassTransit;

namespace Hikyaku.Platform;

/// <summary>That a job waits: a command to the service's own workers, sent by its publisher for <see cref="JobQueued"/>, at least once.</summary>
/// <param name="JobId">The job; its service is the first part of it.</param>
public sealed record RunJob(string JobId);

/// <summary>
/// Wakes this instance's worker. The message is not held while the job runs, which may take longer than RabbitMQ waits: what
/// is to be done, and by whom, stands in the table, so that duplicates and lost messages do not matter.
/// </summary>
public sealed class JobsConsumer(JobWorker worker, ServiceJobs jobs) : IConsumer<RunJob>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<RunJob> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Message.JobId.StartsWith($"{jobs.Service}-", StringComparison.Ordinal)) worker.Wake(); // else it is another service's
        return Task.CompletedTask;
    }
}
