using Hikyaku.Accounts.Jobs;
using MassTransit;

namespace Hikyaku.Accounts.Consumers;

/// <summary>
/// Wakes this instance's worker. The message is not held while the job runs, which may take longer than RabbitMQ waits: what
/// is to be done, and by whom, stands in the table, so that duplicates and lost messages do not matter.
/// </summary>
public sealed class BulkJobConsumer(BulkWorker worker) : IConsumer<RunBulkJob>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<RunBulkJob> context)
    {
        worker.Wake();
        return Task.CompletedTask;
    }
}
