using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Spam.Contracts;
using Hikyaku.Spam.Nodes;
using Hikyaku.Spam.Notices;
using JasperFx.Events;
using Marten;
using MassTransit;

namespace Hikyaku.Spam.Publishing;

/// <summary>Tells others what was set and looked up, nodes what they now obey, and administrators that a standing is lost.</summary>
public sealed class SpamPublisher(IBus bus, INodeBus nodes, SpamStates states, StandingNotices notices) : Publisher(Program.Service, bus, nodes)
{
    /// <inheritdoc/>
    protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        if (ToContract.Of(e) is { } contract) yield return contract;
        if (states.OfType<SpamState>().FirstOrDefault() is { Deleted: false } now)
            yield return new SpamSummarized(now.AccountId, now.Version, now.TagSubject, now.SortToJunk);
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
    {
        var newest = page.GroupBy(e => e.StreamKey!).ToDictionary(g => g.Key, g => g.MaxBy(e => e.Sequence)!);
        var changed = await states.OfAsync(newest.ToDictionary(n => n.Key, n => n.Value.Sequence), stop);
        return [.. changed.Select(s => new NodeStateChange(s.State, newest[s.Key]))];
    }

    /// <inheritdoc/>
    protected override Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop) => notices.NoticesAsync(page, stop);
}
