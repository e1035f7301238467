using Hikyaku.Accounts.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.Verify;

/// <summary>Reads a replica's rows (mailnode/MailNode/Parts) as states name them. Dispose it before its transaction.</summary>
internal sealed class ReplicaReader : IDisposable
{
    /// <summary>The column that is not shown.</summary>
    public const string Hash = "password_hash";

    private const string Mailboxes =
        "SELECT address, domain, life, password_hash, capacity_mb, version, home_node, mail_deletion_job FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL";

    private const string Domains = "SELECT served, version, dkim_selector FROM domain WHERE domain = $1 AND deleted_at IS NULL";
    private const string Nodes = "SELECT host, imap_port, pop3_port, lmtp_port, version FROM node WHERE node = $1 AND deleted_at IS NULL";

    private const string LivingKeys =
        """
        SELECT account_id, 'it has the mailbox ' || address FROM mailbox WHERE deleted_at IS NULL
        UNION ALL SELECT domain, 'it has the domain' FROM domain WHERE deleted_at IS NULL
        UNION ALL SELECT node, 'it has the node' FROM node WHERE deleted_at IS NULL
        """;

    private readonly SqliteConnection _replica;
    private readonly SqliteCommand _mailbox, _domain, _node;

    /// <summary>Reads within the connection's transaction.</summary>
    public ReplicaReader(SqliteConnection replica)
    {
        _replica = replica;
        (_mailbox, _domain, _node) = (Prepare(Mailboxes), Prepare(Domains), Prepare(Nodes));
    }

    /// <summary>A state's key, and the row that a node must have; null when it must have none.</summary>
    public static (string Key, IReadOnlyDictionary<string, object?>? Row) Expected(object state) => state switch
    {
        MailboxState m => (m.AccountId, m.Deleted ? null : new Dictionary<string, object?>
        {
            ["address"] = m.Address,
            ["domain"] = m.Domain,
            ["life"] = (long)m.Life,
            [Hash] = m.PasswordHash,
            ["capacity_mb"] = (long)m.CapacityMb,
            ["version"] = m.Version,
            ["home_node"] = m.HomeNode,
            ["mail_deletion_job"] = m.MailDeletion?.JobId,
        }),
        DomainState d => (d.Domain, d.Deleted ? null : new Dictionary<string, object?> { ["served"] = d.Served ? 1L : 0L, ["version"] = d.Version, ["dkim_selector"] = d.Dkim?.Selector }),
        MailNodeState n => (n.Node, n.Deleted ? null : new Dictionary<string, object?>
        {
            ["host"] = n.Host,
            ["imap_port"] = (long)n.ImapPort,
            ["pop3_port"] = (long)n.Pop3Port,
            ["lmtp_port"] = (long)n.LmtpPort,
            ["version"] = n.Version,
        }),
        _ => throw new ArgumentException($"{state.GetType().Name} is no state that a node keeps", nameof(state)),
    };

    /// <summary>The living row of a state's key; null when there is none.</summary>
    public IReadOnlyDictionary<string, object?>? Find(object state) => state switch
    {
        MailboxState m => Find(_mailbox, m.AccountId),
        DomainState d => Find(_domain, d.Domain),
        MailNodeState n => Find(_node, n.Node),
        _ => throw new ArgumentException($"{state.GetType().Name} is no state that a node keeps", nameof(state)),
    };

    /// <summary>Whether an account lives here.</summary>
    public bool Lives(string accountId) => Find(_mailbox, accountId) is not null;

    /// <summary>Whether an account's folder may be here: it lives, or it is being erased.</summary>
    public bool MayHaveFolder(string accountId)
    {
        if (Lives(accountId)) return true;
        // Folders that never had an account are waiting to be erased, too; they have no version, and are reported.
        using var command = Prepare("SELECT 1 FROM mailbox WHERE account_id = $1 AND erase_due IS NOT NULL AND version > 0");
        command.Parameters[0].Value = accountId;
        return command.ExecuteScalar() is not null;
    }

    /// <summary>The keys of everything that lives here, and what each is.</summary>
    public IEnumerable<(string Key, string What)> Living()
    {
        using var command = Prepare(LivingKeys);
        using var row = command.ExecuteReader();
        while (row.Read()) yield return (row.GetString(0), row.GetString(1));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mailbox.Dispose();
        _domain.Dispose();
        _node.Dispose();
    }

    private static Dictionary<string, object?>? Find(SqliteCommand command, string key)
    {
        command.Parameters[0].Value = key;
        using var row = command.ExecuteReader();
        if (!row.Read()) return null;
        return Enumerable.Range(0, row.FieldCount).ToDictionary(row.GetName, i => row.IsDBNull(i) ? null : row.GetValue(i));
    }

    private SqliteCommand Prepare(string sql)
    {
        var command = _replica.CreateCommand();
        command.CommandText = sql;
        if (sql.Contains("$1", StringComparison.Ordinal)) command.Parameters.Add("$1", SqliteType.Text);
        return command;
    }
}
