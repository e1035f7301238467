using System.Runtime.CompilerServices;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Accounts.Domains;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Nodes;

/// <summary>The present states that nodes obey, read from the tables: all of them for a list, some for the publisher.</summary>
/// <param name="box">Opens private keys; null: they stay sealed, for whoever compares only the rest.</param>
public sealed class NodeStates(SecretBox? box)
{
    private const string Mailboxes =
        """
        select l.account_id, l.address, l.domain, l.life, case when l.deletion_job is null then c.data ->> 'Hash' end, l.capacity_mb, s.version,
            l.home_node, l.mail_deletion_job, l.mail_deletion_at, l.deletion_job is not null
        from mail_account_list l
        join mt_streams s on s.id = l.account_id
        left join mt_doc_credential c on c.id = l.credential_id
        """;

    private const string Domains =
        """
        select u.domain, s.version, d.data -> 'Dkim' ->> 'Selector', k.data ->> 'Sealed'
        from domain_usage u
        join mt_streams s on s.id = u.domain
        left join mt_doc_domain d on d.id = u.domain
        left join mt_doc_dkim_private_key k on k.id = u.domain || '/' || (d.data -> 'Dkim' ->> 'Selector')
        """;

    // A retired node stays in the list: nodes that forward mail must know that it does not come back.
    private const string Nodes =
        """
        select n.id, n.data ->> 'Name', n.data -> 'Address' ->> 'Host', (n.data -> 'Address' ->> 'ImapPort')::int, (n.data -> 'Address' ->> 'Pop3Port')::int,
            (n.data -> 'Address' ->> 'LmtpPort')::int, (n.data -> 'Address' ->> 'QuotaPort')::int, (n.data ->> 'Retired')::boolean, s.version
        from mt_doc_registered_node n join mt_streams s on s.id = n.id
        """;

    /// <summary>Every state.</summary>
    public async IAsyncEnumerable<object> All(NpgsqlConnection snapshot, long position, [EnumeratorCancellation] CancellationToken stop)
    {
        await using (var nodes = new NpgsqlCommand(Nodes, snapshot))
        await using (var row = await nodes.ExecuteReaderAsync(stop))
        {
            while (await row.ReadAsync(stop)) yield return Node(row, position);
        }

        await using (var domains = new NpgsqlCommand(Domains, snapshot))
        await using (var row = await domains.ExecuteReaderAsync(stop))
        {
            while (await row.ReadAsync(stop)) yield return Domain(row, position);
        }

        await using (var mailboxes = new NpgsqlCommand(Mailboxes, snapshot))
        await using (var row = await mailboxes.ExecuteReaderAsync(stop))
        {
            while (await row.ReadAsync(stop)) yield return Mailbox(row, position);
        }
    }

    /// <summary>The states of some accounts, domains and nodes, by their stream's key.</summary>
    /// <param name="database">Where they are.</param>
    /// <param name="positions">The position of the newest event that is told of, by key.</param>
    /// <param name="stop">Stops it.</param>
    public async Task<Dictionary<string, object>> OfAsync(NpgsqlDataSource database, IReadOnlyDictionary<string, long> positions, CancellationToken stop)
    {
        var keys = positions.Keys.ToArray();
        var states = new Dictionary<string, object>();
        await using var connection = await database.OpenConnectionAsync(stop);
        await using (var domains = new NpgsqlCommand($"{Domains} where u.domain = any($1)", connection))
        {
            domains.Parameters.Add(new() { Value = keys });
            await using var row = await domains.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop)) states[row.GetString(0)] = Domain(row, positions[row.GetString(0)]);
        }

        // The domain is deleted: the row is gone, the stream is still there.
        await using (var deleted = new NpgsqlCommand(
            "select id, version from mt_streams s where id = any($1) and type = 'domain' and not exists (select 1 from domain_usage u where u.domain = s.id)", connection))
        {
            deleted.Parameters.Add(new() { Value = keys });
            await using var row = await deleted.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop)) states[row.GetString(0)] = new DomainState(row.GetString(0), Served: false, row.GetInt64(1), positions[row.GetString(0)], Deleted: true);
        }

        await using (var mailboxes = new NpgsqlCommand($"{Mailboxes} where l.account_id = any($1)", connection))
        {
            mailboxes.Parameters.Add(new() { Value = keys });
            await using var row = await mailboxes.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop)) states[row.GetString(0)] = Mailbox(row, positions[row.GetString(0)]);
        }

        // The account is erased already, because no node served it: the row is gone, the stream is still there.
        await using (var erased = new NpgsqlCommand(
            "select id, version from mt_streams s where id = any($1) and type = 'mail_account' and not exists (select 1 from mail_account_list l where l.account_id = s.id)", connection))
        {
            erased.Parameters.Add(new() { Value = keys });
            await using var row = await erased.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop)) states[row.GetString(0)] = new MailboxState(row.GetString(0), "", "", 0, null, 0, row.GetInt64(1), positions[row.GetString(0)], Deleted: true);
        }

        await using (var nodes = new NpgsqlCommand($"{Nodes} where n.id = any($1)", connection))
        {
            nodes.Parameters.Add(new() { Value = keys });
            await using var row = await nodes.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop)) states[row.GetString(0)] = Node(row, positions[row.GetString(0)]);
        }

        return states;
    }

    private static MailNodeState Node(NpgsqlDataReader row, long position) => new(
        row.GetString(1), row.GetString(2), row.GetInt32(3), row.GetInt32(4), row.GetInt32(5), row.GetInt64(8), position,
        Deleted: row.GetBoolean(7), row.GetInt32(6));

    private DomainState Domain(NpgsqlDataReader row, long position) => new(
        row.GetString(0), Served: true, row.GetInt64(1), position, Deleted: false)
    {
        Dkim = row.IsDBNull(3) ? null : new(row.GetString(2), box is null ? row.GetString(3) : DkimPrivateKey.Open(box, row.GetString(3))),
    };

    private static MailboxState Mailbox(NpgsqlDataReader row, long position) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), row.IsDBNull(4) ? null : row.GetString(4),
        row.GetInt32(5), row.GetInt64(6), position, Deleted: row.GetBoolean(10),
        row.IsDBNull(7) ? null : row.GetString(7), row.IsDBNull(8) ? null : new(row.GetString(8), row.GetFieldValue<DateTimeOffset>(9)));
}
