using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Contracts;
using Hikyaku.Restrictions.Nodes;
using Hikyaku.Restrictions.Notices;
using JasperFx.Events;
using Marten;
using MassTransit;

namespace Hikyaku.Restrictions.Publishing;

/// <summary>Tells others who is restricted, nodes what they now refuse, and the people concerned what to do.</summary>
public sealed class RestrictionsPublisher(IBus bus, INodeBus nodes, RestrictionStates states) : Publisher(Program.Service, bus, nodes)
{
    /// <inheritdoc/>
    protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states)
    {
        ArgumentNullException.ThrowIfNull(states);
        RestrictionMetrics.Count(e.Data);
        if (ToContract.Of(e) is { } contract) yield return contract;
        if (states.OfType<RestrictionState>().FirstOrDefault() is { Deleted: false } now)
            yield return new RestrictionsSummarized(now.AccountId, now.Version, [.. now.Blocks.Select(b => b.Kind).Distinct().OrderBy(Kinds.RankOf)]);
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
    {
        var newest = page.GroupBy(e => e.StreamKey!).ToDictionary(g => g.Key, g => g.MaxBy(e => e.Sequence)!);
        var changed = await states.OfAsync(newest.ToDictionary(n => n.Key, n => n.Value.Sequence), stop);
        return [.. changed.Select(s => new NodeStateChange(s.State, newest[s.Key]))];
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
        => RestrictionNotices.Of(page, await states.AddressesAsync([.. page.Where(e => e.Data is Accounts.RestrictionLifted).Select(e => e.StreamKey!).Distinct()], stop));
}
