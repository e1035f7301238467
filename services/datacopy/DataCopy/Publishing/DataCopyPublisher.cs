using Hikyaku.Contracts;
using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Nodes;
using Hikyaku.DataCopy.Notices;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using MassTransit;

namespace Hikyaku.DataCopy.Publishing;

/// <summary>Tells others of copies, nodes whom they let into which mailbox, and users that a copy has ended; and wakes the workers of all instances.</summary>
public sealed class DataCopyPublisher(IBus bus, INodeBus nodes, CopyGrants grants, CopyNotices notices) : Publisher(Program.Service, bus, nodes)
{
    /// <inheritdoc/>
    protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states)
    {
        ArgumentNullException.ThrowIfNull(e);
        if (ToContract.Of(e) is { } contract) yield return contract;
        if (e.Data is CopyRequested r) yield return new RunJob(r.JobId);
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
    {
        var newest = page.GroupBy(e => e.StreamKey!).ToDictionary(g => g.Key, g => g.MaxBy(e => e.Sequence)!);
        var changed = await grants.OfAsync(newest.ToDictionary(n => n.Key, n => n.Value.Sequence), stop);
        return [.. changed.Select(s => new NodeStateChange(s, newest[s.AccountId]))];
    }

    /// <inheritdoc/>
    protected override Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop) => notices.OfAsync(page, stop);
}

/// <summary>Wakes this instance's worker; what no message tells it finds in the table by itself.</summary>
public sealed class WakeConsumer(CopyWorker worker) : IConsumer<RunJob>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<RunJob> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Message.JobId.StartsWith($"{Program.Service}-", StringComparison.Ordinal)) worker.Wake(); // else it is another service's
        return Task.CompletedTask;
    }
}
