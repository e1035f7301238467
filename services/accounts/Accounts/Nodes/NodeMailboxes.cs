using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Nodes;

/// <summary>
/// How many mailboxes live on each node, kept beside the list of accounts and written in the same statements
/// (<see cref="MailAccounts.MailAccountTable"/>), so that placing an account does not count rows. There is a row for each domain,
/// because the creation of an account locks its domain anyway: a single row for a node would make all domains wait for one another.
/// </summary>
public static class NodeMailboxes
{
    /// <summary>Adds the mailbox of a statement <c>added (home_node, domain, is_new)</c>, unless it was there already.</summary>
    public const string AddSql =
        """
        insert into node_mailboxes (node, domain, accounts) select home_node, domain, 1 from added where is_new and home_node is not null
        on conflict (node, domain) do update set accounts = node_mailboxes.accounts + 1
        """;

    /// <summary>Takes off the mailbox of a statement <c>gone (home_node, domain)</c>.</summary>
    public const string RemoveSql =
        "update node_mailboxes m set accounts = m.accounts - 1 from gone where m.node = gone.home_node and m.domain = gone.domain";

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("node_mailboxes");
        table.AddColumn<string>("node").AsPrimaryKey();
        table.AddColumn<string>("domain").AsPrimaryKey();
        table.AddColumn<int>("accounts").NotNull();
        return table;
    }

    /// <summary>How many mailboxes live on a node, as the session's transaction sees it.</summary>
    public static async Task<long> CountAsync(IDocumentSession session, string node, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select coalesce(sum(accounts), 0) from node_mailboxes where node = $1");
        command.Parameters.Add(new() { Value = node });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        await row.ReadAsync(stop);
        return row.GetInt64(0);
    }
}
