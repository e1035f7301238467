using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using JasperFx.Events;
using Marten.Events.Projections;
using Marten;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Notices;

/// <summary>
/// The message board (NTC-1), one row a notice, written in the transaction of what it tells: once, whatever is killed or
/// repeated. Of forced changes an account has one notice, the newest; a job has one, from its end on. Who has read it stands in
/// it. One about an account holds its address, so it goes when the account does.
/// </summary>
public sealed class NoticeTable : EventProjection
{
    /// <summary>Reads the few events that begin or end a notice.</summary>
    public NoticeTable()
    {
        Type[] types =
        [
            typeof(MailAccountPasswordForciblyChanged), typeof(MailAccountDeletionStarted), typeof(MailAccountDeleted),
            typeof(JobSucceeded), typeof(JobCancelled), typeof(JobFailed),
        ];
        foreach (var type in types) IncludeType(type);
    }

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("notice");
        table.AddColumn<Guid>("id").AsPrimaryKey();
        table.AddColumn<DateTimeOffset>("at").NotNull();
        table.AddColumn<string>("kind").NotNull();
        table.AddColumn<string>("domain").NotNull();
        table.AddColumn<string>("account_id").NotNull(); // this and the address are empty when it is about no single account
        table.AddColumn<string>("address").NotNull();
        table.AddColumn<string>("job_id");
        table.AddColumn<string>("started_by"); // a user's account id, or a login: whose job it is
        table.AddColumn<bool>("for_operators").NotNull().DefaultValueByExpression("true"); // for those, too, who did not start it
        table.AddColumn("read_by", "text[]").NotNull().DefaultValueByExpression("'{}'::text[]"); // users' account ids and others' logins
        table.Indexes.Add(new IndexDefinition("notice_at") { Columns = ["at", "id"] });
        table.Indexes.Add(new IndexDefinition("notice_domain") { Columns = ["domain", "at", "id"] });
        table.Indexes.Add(new IndexDefinition("notice_account") { Columns = ["account_id"] });
        table.Indexes.Add(new IndexDefinition("notice_job") { Columns = ["job_id"], IsUnique = true, Predicate = "job_id is not null" });
        table.Indexes.Add(new IndexDefinition("notice_started_by") { Columns = ["started_by"], Predicate = "started_by is not null" });
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
            case JobSucceeded s:
                JobEnded(operations, e, s.At, forOperators: false);
                break;
            case JobCancelled c:
                JobEnded(operations, e, c.At, forOperators: false);
                break;
            case JobFailed f:
                JobEnded(operations, e, f.At, forOperators: true);
                break;
            case MailAccountDeletionStarted or MailAccountDeleted: // from the first on it is gone for everybody
                operations.QueueSqlCommand("delete from notice where account_id = ?", e.StreamKey!);
                break;
        }

        return ValueTask.CompletedTask;
    }

    // Of a job about an account that has gone meanwhile there is nothing to tell.
    private static void JobEnded(IDocumentOperations operations, IEvent e, DateTimeOffset at, bool forOperators)
        => operations.QueueSqlCommand(
            """
            insert into notice (id, at, kind, domain, account_id, address, job_id, started_by, for_operators)
            select ?, ?, ?, j.domain, coalesce(j.account_id, ''), coalesce(l.address, ''), j.id, j.started_by, ?
            from job j left join mail_account_list l on l.account_id = j.account_id and l.deletion_job is null
            where j.id = ? and (j.account_id is null or l.address is not null)
            on conflict do nothing
            """,
            e.Id, at, NoticeKinds.JobFinished, forOperators, e.StreamKey!);
}
