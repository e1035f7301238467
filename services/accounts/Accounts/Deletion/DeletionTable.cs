using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Deletion;

/// <summary>Which accounts are being deleted, and who has already erased what they had of them (ACC-5).</summary>
public static class DeletionTable
{
    /// <summary>The accounts; a row goes when everything of its account is erased.</summary>
    public static Table Table()
    {
        var table = new Table("deletion");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("job_id").NotNull();
        table.AddColumn<string>("address").NotNull();
        table.AddColumn<int>("life").NotNull();
        table.AddColumn<DateTimeOffset>("started_at").NotNull();
        table.Indexes.Add(new IndexDefinition("deletion_started") { Columns = ["started_at"] });
        return table;
    }

    /// <summary>The reports.</summary>
    public static Table ReportTable()
    {
        var table = new Table("deletion_report");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<string>("participant").AsPrimaryKey();
        return table;
    }

    /// <summary>An account is being deleted from now on.</summary>
    public static void Begin(IDocumentSession session, MailAccount account, string jobId, DateTimeOffset now)
        => session.QueueSqlCommand("insert into deletion (account_id, job_id, address, life, started_at) values (?, ?, ?, ?, ?)",
            account.Id, jobId, account.Address, account.Life, now);

    /// <summary>A participant has erased everything of an account. A report of an account that is not being deleted is late or a mistake, and is left.</summary>
    public static Task ReportAsync(NpgsqlDataSource database, string accountId, string participant, CancellationToken stop) => database.ExecuteAsync(
        $"insert into deletion_report (account_id, participant) select account_id, {participant} from deletion where account_id = {accountId} on conflict do nothing", stop);

    /// <summary>Accounts that every participant has reported, oldest first.</summary>
    public static Task<List<Erased>> ErasedAsync(IQuerySession session, string[] participants, int most, CancellationToken stop) => session.ListAsync(
        $"""
        select d.account_id, d.job_id, d.address, d.life from deletion d
        where {participants} <@ array(select r.participant::text from deletion_report r where r.account_id = d.account_id)
        order by d.started_at limit {most}
        """, row => new Erased(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3)), stop);

    /// <summary>Accounts whose deletion began before a time and that not all of <paramref name="participants"/> have reported.</summary>
    public static Task<List<(string AccountId, string Address)>> UnreportedAsync(IQuerySession session, string[] participants, DateTimeOffset before, CancellationToken stop)
        => session.ListAsync(
            $"""
            select d.account_id, d.address from deletion d
            where d.started_at < {before} and not {participants} <@ array(select r.participant::text from deletion_report r where r.account_id = d.account_id)
            order by d.started_at
            """, row => (row.GetString(0), row.GetString(1)), stop);

    /// <summary>An account of which nothing is left.</summary>
    public sealed record Erased(string AccountId, string JobId, string Address, int Life);
}
