using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Deletion;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.SecondFactors;
using Hikyaku.Accounts.Staff;
using Hikyaku.Accounts.Undo;
using Hikyaku.Platform;
using JasperFx.Events.Projections;
using Marten;
using Weasel.Postgresql;

namespace Hikyaku.Accounts.Storage;

/// <summary>What the accounts service keeps, and how.</summary>
public static class AccountsStore
{
    /// <summary>Configures Marten.</summary>
    public static void Configure(StoreOptions options) => Configure(options, ProjectionLifecycle.Inline);

    /// <summary>Configures Marten.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="lifecycle">When read models follow the events; in the service with the transaction that appends.</param>
    public static void Configure(StoreOptions options, ProjectionLifecycle lifecycle)
    {
        foreach (var (type, name) in EventNames.All) options.Events.MapEventType(type, name);
        options.Projections.Add(new SnapshotOf<MailAccount>(MailAccount.Events), lifecycle);
        options.Projections.Add(new SnapshotOf<Domain>(Domain.Events), lifecycle);
        options.Projections.Add(new SnapshotOf<StaffMember>(StaffMember.Events), lifecycle);
        options.AddJobs(AccountsJobs.All, lifecycle);
        options.Projections.Add(new SnapshotOf<RegisteredNode>(RegisteredNode.Events), lifecycle);
        options.Projections.Add(new MailAccountTable(), lifecycle);
        options.Schema.For<Domain>().DocumentAlias("domain").GinIndexJsonData();
        options.Schema.For<MailAccount>().DocumentAlias("mail_account");
        options.Schema.For<StaffMember>().DocumentAlias("staff_member");
        options.Schema.For<AddressReservation>().DocumentAlias("address_reservation")
            .Index(r => r.ReservedBy!, i => i.Predicate = "data ->> 'ReservedBy' is not null"); // what a bulk job gives back
        options.Schema.For<FormerLife>().DocumentAlias("former_life");
        options.Schema.For<Credential>().DocumentAlias("credential").Duplicate(c => c.Owner);
        options.Schema.For<DomainDeletion>().DocumentAlias("domain_deletion");
        options.Schema.For<SecondFactor>().DocumentAlias("second_factor");
        options.Schema.For<DkimPrivateKey>().DocumentAlias("dkim_private_key");
        options.Storage.ExtendedSchemaObjects.Add(new Extension("pg_trgm")); // for the search in the list; the database's owner may make it
        options.Schema.For<RegisteredNode>().DocumentAlias("registered_node");
        options.Storage.ExtendedSchemaObjects.Add(DomainUsage.Table());
        options.Storage.ExtendedSchemaObjects.Add(NodeMailboxes.Table());
        options.Storage.ExtendedSchemaObjects.Add(MailAccountTable.Table());
        options.Storage.ExtendedSchemaObjects.Add(LeftAccounts.Table());
        options.Storage.ExtendedSchemaObjects.Add(DeletionTable.Table());
        options.Storage.ExtendedSchemaObjects.Add(DeletionTable.ReportTable());
    }
}
