using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Ends;
using Hikyaku.Restrictions.Facts;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Sources;
using Hikyaku.Restrictions.Space;
using JasperFx.Events.Projections;
using Marten;

namespace Hikyaku.Restrictions.Storage;

/// <summary>What the restrictions service keeps, and how.</summary>
public static class RestrictionsStore
{
    /// <summary>Configures Marten.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="lifecycle">When snapshots follow the events; in the service with the transaction that appends.</param>
    public static void Configure(StoreOptions options, ProjectionLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var (type, name) in EventNames.All) options.Events.MapEventType(type, name);
        options.Projections.Add(new SnapshotOf<AccountStanding>(AccountStanding.Events), lifecycle);
        options.Projections.Add(new SnapshotOf<SourceStanding>(SourceStanding.Events), lifecycle);
        options.Projections.Add(new SnapshotOf<RestrictionPolicy>(RestrictionPolicy.Events), lifecycle);
        options.Projections.Add(new RestrictionTable(), lifecycle);
        options.Schema.For<AccountStanding>().DocumentAlias("account_standing");
        options.Schema.For<SourceStanding>().DocumentAlias("source_standing").Duplicate(s => s.Until!);
        options.Schema.For<RestrictionPolicy>().DocumentAlias("restriction_policy");
        foreach (var table in (Weasel.Postgresql.Tables.Table[])[RestrictionTable.Table(), KnownNetworks.Table(), MailboxSpace.Table(), AddressConsumer.Table(), SubmissionConsumer.KnownRecipients(), HeldMail.Table(), KnownDomains.Table()])
            options.Storage.ExtendedSchemaObjects.Add(table);
    }
}
