using Hikyaku.Platform;
using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Dns;
using Hikyaku.Spam.Domains;
using JasperFx.Events;

namespace Hikyaku.Spam.Publishing;

/// <summary>Which stored event is told to others, and as what.</summary>
internal static class ToContract
{
    /// <summary>The contract; null for what is nobody else's business.</summary>
    public static object? Of(IEvent e)
    {
        var (by, account) = (EventHeaders.CausedByOf(e), e.StreamKey!);
        return e.Data switch
        {
            SubjectTaggingTurnedOn t => new Contracts.SubjectTaggingTurnedOn(e.Id, e.Sequence, e.Version, t.At, by, account, t.Domain),
            SubjectTaggingTurnedOff t => new Contracts.SubjectTaggingTurnedOff(e.Id, e.Sequence, e.Version, t.At, by, account, t.Domain),
            JunkSortingTurnedOn s => new Contracts.JunkSortingTurnedOn(e.Id, e.Sequence, e.Version, s.At, by, account, s.Domain),
            JunkSortingTurnedOff s => new Contracts.JunkSortingTurnedOff(e.Id, e.Sequence, e.Version, s.At, by, account, s.Domain),
            SpamSettingsErased => null, // the account's own deletion is told by the accounts service
            DomainDnsChecked c => new Contracts.DomainDnsChecked(
                e.Id, e.Sequence, e.Version, c.At, by, c.Domain,
                Mx: !Has(c, DnsFaults.NoDomain, DnsFaults.MxMissing, DnsFaults.MxForeign, DnsFaults.MxAlias),
                Ns: !Has(c, DnsFaults.NoDomain, DnsFaults.NsMissing, DnsFaults.NsForeign), c.Assumed),
            DomainDnsOverridden o => new Contracts.DomainDnsOverridden(e.Id, e.Sequence, e.Version, o.At, by, o.Domain),
            DomainDnsOverrideRemoved r => new Contracts.DomainDnsOverrideRemoved(e.Id, e.Sequence, e.Version, r.At, by, r.Domain),
            _ => throw new InvalidOperationException($"{e.Data.GetType()} has no contract and no reason for none"),
        };
    }

    private static bool Has(DomainDnsChecked result, params string[] faults) => result.Missing.Any(f => faults.Contains(f.Code));
}
