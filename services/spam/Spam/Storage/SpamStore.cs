using Hikyaku.Platform;
using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Domains;
using JasperFx.Events.Projections;
using Marten;

namespace Hikyaku.Spam.Storage;

/// <summary>What the spam service keeps, and how.</summary>
public static class SpamStore
{
    /// <summary>Configures Marten.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="lifecycle">When snapshots follow the events; in the service with the transaction that appends.</param>
    public static void Configure(StoreOptions options, ProjectionLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var (type, name) in EventNames.All) options.Events.MapEventType(type, name);
        options.Projections.Add(new SnapshotOf<AccountSpam>(AccountSpam.Events), lifecycle);
        options.Projections.Add(new SnapshotOf<DomainStanding>(DomainStanding.Events), lifecycle);
        options.Schema.For<AccountSpam>().DocumentAlias("account_spam");
        options.Schema.For<DomainStanding>().DocumentAlias("domain_standing");
        options.Storage.ExtendedSchemaObjects.Add(PopLogins.Table());
        options.Storage.ExtendedSchemaObjects.Add(DomainTable.Table());
    }
}
