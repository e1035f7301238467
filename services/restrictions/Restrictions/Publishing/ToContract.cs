using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Sources;
using JasperFx.Events;

namespace Hikyaku.Restrictions.Publishing;

/// <summary>Which stored event is told to others, and as what.</summary>
internal static class ToContract
{
    /// <summary>The contract; null for what is nobody else's business.</summary>
    public static object? Of(IEvent e)
    {
        var (by, account) = (EventHeaders.CausedByOf(e), e.StreamKey!);
        return e.Data switch
        {
            AccountRestricted r => new Contracts.AccountRestricted(e.Id, e.Sequence, e.Version, r.At, by, account, r.Kind, r.Reference, r.Until, r.Domain),
            RestrictionLifted l => new Contracts.RestrictionLifted(e.Id, e.Sequence, e.Version, l.At, by, account, l.Kind, l.References, l.Cause, l.Domain),
            HeldMailDecided d => new Contracts.HeldMailDecided(e.Id, e.Sequence, e.Version, d.At, by, account, d.Messages.Count, d.IsReleased, d.Domain),
            StandingErased => null, // the account's own deletion is told by the accounts service
            SourceStopped s => new Contracts.SourceStopped(e.Id, e.Sequence, e.Version, s.At, by, s.Network, s.Reference, s.Until),
            SourceReleased s => new Contracts.SourceReleased(e.Id, e.Sequence, e.Version, s.At, by, s.Network, s.Cause),
            RestrictionPolicyChanged p => new Contracts.RestrictionPolicyChanged(e.Id, e.Sequence, e.Version, p.At, by, p.Domain),
            _ => throw new InvalidOperationException($"{e.Data.GetType()} has no contract and no reason for none"),
        };
    }
}
