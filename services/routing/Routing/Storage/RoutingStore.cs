using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Notices;
using JasperFx.Events.Projections;
using Marten;

namespace Hikyaku.Routing.Storage;

/// <summary>What the routing service keeps, and how.</summary>
public static class RoutingStore
{
    /// <summary>Configures Marten.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="lifecycle">When snapshots follow the events; in the service with the transaction that appends.</param>
    public static void Configure(StoreOptions options, ProjectionLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var (type, name) in EventNames.All) options.Events.MapEventType(type, name);
        options.Projections.Add(new SnapshotOf<MailboxRouting>(MailboxRouting.Events), lifecycle);
        options.Schema.For<MailboxRouting>().DocumentAlias("mailbox_routing");
        options.Storage.ExtendedSchemaObjects.Add(ServedDomains.Table());
    }
}
