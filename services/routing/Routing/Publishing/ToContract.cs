using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;
using JasperFx.Events;

namespace Hikyaku.Routing.Publishing;

/// <summary>Which stored event is told to others, and as what.</summary>
internal static class ToContract
{
    /// <summary>The contract; null for what is nobody else's business.</summary>
    public static object? Of(IEvent e)
    {
        var (by, account) = (EventHeaders.CausedByOf(e), e.StreamKey!);
        return e.Data switch
        {
            ForwardingRuleSet s => new Contracts.ForwardingRuleSet(e.Id, e.Sequence, e.Version, s.At, by, account, s.Rule, s.Condition, s.Destinations.Count, s.Domain),
            ForwardingRuleRemoved r => new Contracts.ForwardingRuleRemoved(e.Id, e.Sequence, e.Version, r.At, by, account, r.Rule, r.Domain),
            AutoreplySet a => new Contracts.AutoreplySet(e.Id, e.Sequence, e.Version, a.At, by, account, a.Domain),
            AutoreplyRemoved a => new Contracts.AutoreplyRemoved(e.Id, e.Sequence, e.Version, a.At, by, account, a.Domain),
            ReceptionTurnedOff o => new Contracts.ReceptionTurnedOff(e.Id, e.Sequence, e.Version, o.At, by, account, o.Domain),
            ReceptionTurnedOn o => new Contracts.ReceptionTurnedOn(e.Id, e.Sequence, e.Version, o.At, by, account, o.Domain),
            RoutingErased => null, // the account's own deletion is told by the accounts service
            _ => throw new InvalidOperationException($"{e.Data.GetType()} has no contract and no reason for none"),
        };
    }
}
