using Hikyaku.Accounts.Contracts;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.Notices;
using Hikyaku.Accounts.SecondFactors;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Publishing;

/// <summary>Tells others what happened to accounts and domains, nodes what they now obey, and the message board what people must know.</summary>
public sealed class AccountsPublisher(IBus bus, INodeBus nodes, NpgsqlDataSource database, NodeStates nodeStates, AccountsNotices accounts, JobNotices jobs) : Publisher(Program.Service, bus, nodes)
{
    /// <inheritdoc/>
    protected override IEnumerable<object> ToContracts(IEvent e, IReadOnlyList<object> states)
    {
        if (ToContract.Of(e, states.OfType<MailboxState>().FirstOrDefault()) is { } contract) yield return contract;
        // This service tells others what the domain's DNS should have now.
        if (e.Data is Domains.DomainAdded or DomainDkimKeyMade or DomainDkimKeyActivated) yield return new DomainRecordsAsked(e.Id.ToString("N"), e.StreamKey);
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NodeStateChange>> NodeStatesAsync(IReadOnlyList<IEvent> page, IQuerySession session, CancellationToken stop)
    {
        var newest = page.GroupBy(e => e.StreamKey!).ToDictionary(g => g.Key, g => g.MaxBy(e => e.Sequence)!);
        var states = await nodeStates.OfAsync(database, newest.ToDictionary(n => n.Key, n => n.Value.Sequence), stop);
        return [.. states.Select(s => new NodeStateChange(s.Value, newest[s.Key]))];
    }

    /// <inheritdoc/>
    protected override async Task<IReadOnlyList<NoticeRaised>> NoticesAsync(IReadOnlyList<IEvent> page, CancellationToken stop)
        => [.. await accounts.OfAsync(page, stop), .. SecondFactorNotices.Of(page), .. await jobs.OfAsync(page, stop)];
}
