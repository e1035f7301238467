using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using Hikyaku.Routing.Nodes;
using Hikyaku.Routing.Notices;
using JasperFx.Events;
using Marten;
using MassTransit;

namespace Hikyaku.Routing.Publishing;

/// <summary>Tells others what was set, nodes what they now obey, and owners that their mail goes to somebody new.</summary>
public sealed class RoutingPublisher(IBus bus, INodeBus nodes, RoutingStates states, OutsideDestinations outside) : Publisher(Program.Service, bus, nodes)
{
    /// <inheritdoc/>
    protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        if (ToContract.Of(e) is { } contract) yield return contract;
        if (states.OfType<RoutingState>().FirstOrDefault() is { Deleted: false } now)
            yield return new RoutingSummarized(now.AccountId, now.Version, now.Forwards.Count > 0, now.Replies, now.Receives);
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
    {
        var newest = page.GroupBy(e => e.StreamKey!).ToDictionary(g => g.Key, g => g.MaxBy(e => e.Sequence)!);
        var changed = await states.OfAsync(newest.ToDictionary(n => n.Key, n => n.Value.Sequence), stop);
        return [.. changed.Select(s => new NodeStateChange(s.Value, newest[s.Key]))];
    }

    /// <inheritdoc/>
    protected override Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop) => outside.NoticesAsync(page, stop);
}
