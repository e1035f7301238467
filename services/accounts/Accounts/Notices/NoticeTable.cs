using Hikyaku.Accounts.MailAccounts;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Notices;

/// <summary>
/// The message board (NTC-1), one row a notice, written in the transaction of what it tells. An account has one notice of a
/// kind at most, the newest; who has read it stands in it. It holds the account's address, so it goes when the account does.
/// </summary>
public sealed class NoticeTable : EventProjection
{
    /// <summary>Reads the few events that begin or end a notice.</summary>
    public NoticeTable()
    {
        foreach (var type in (Type[])[typeof(MailAccountPasswordForciblyChanged), typeof(MailAccountDeletionStarted), typeof(MailAccountDeleted)]) IncludeType(type);
    }

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("notice");
        table.AddColumn<Guid>("id").AsPrimaryKey();
        table.AddColumn<DateTimeOffset>("at").NotNull();
        table.AddColumn<string>("kind").NotNull();
        table.AddColumn<string>("domain").NotNull();
        table.AddColumn<string>("account_id").NotNull();
        table.AddColumn<string>("address").NotNull();
        table.AddColumn("read_by", "text[]").NotNull().DefaultValueByExpression("'{}'::text[]"); // logins of operators and administrators
        table.Indexes.Add(new IndexDefinition("notice_at") { Columns = ["at", "id"] });
        table.Indexes.Add(new IndexDefinition("notice_domain") { Columns = ["domain", "at", "id"] });
        table.Indexes.Add(new IndexDefinition("notice_account") { Columns = ["account_id"] });
        return table;
    }

    /// <inheritdoc/>
    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case MailAccountPasswordForciblyChanged f:
                operations.QueueSqlCommand("delete from notice where account_id = ? and kind = ?", e.StreamKey!, NoticeKinds.PasswordForciblyChanged);
                operations.QueueSqlCommand(
                    "insert into notice (id, at, kind, domain, account_id, address) select ?, ?, ?, domain, account_id, address from mail_account_list where account_id = ?",
                    e.Id, f.At, NoticeKinds.PasswordForciblyChanged, e.StreamKey!);
                break;
            case MailAccountDeletionStarted or MailAccountDeleted: // from the first on it is gone for everybody
                operations.QueueSqlCommand("delete from notice where account_id = ?", e.StreamKey!);
                break;
        }

        return ValueTask.CompletedTask;
    }
}
