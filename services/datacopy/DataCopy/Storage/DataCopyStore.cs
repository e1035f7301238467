using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Mails;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using JasperFx.Events.Projections;
using Marten;
using Weasel.Postgresql.Tables;

namespace Hikyaku.DataCopy.Storage;

/// <summary>What the copy service keeps, and how; beside the journal, which <see cref="Journal.JournalTables"/> makes.</summary>
public static class DataCopyStore
{
    /// <summary>Configures Marten.</summary>
    /// <param name="options">Its options.</param>
    /// <param name="lifecycle">When snapshots follow the events; in the service with the transaction that appends.</param>
    public static void Configure(StoreOptions options, ProjectionLifecycle lifecycle)
    {
        ArgumentNullException.ThrowIfNull(options);
        foreach (var (type, name) in EventNames.All) options.Events.MapEventType(type, name);
        options.Projections.Add(new SnapshotOf<AccountCopies>(AccountCopies.Events), lifecycle);
        options.Projections.Add(new CopyTable(), lifecycle);
        options.Schema.For<AccountCopies>().DocumentAlias("account_copies");
        foreach (var table in (Table[])[CopyTable.Table(), JobTable.Table(), JobProblems.Table(), CopyQueue.Table(), MailQueue.Table(), MailboxRoom.Table()])
            options.Storage.ExtendedSchemaObjects.Add(table);
    }
}
