using Hikyaku.Accounts.Nodes;
using Microsoft.Data.Sqlite;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Verify;

/// <summary>
/// What one mail node has, against what the accounts service would list to it now: its replica row by row, and the folders
/// of its mailboxes. Both sides are read in one snapshot each, the node's when it has applied everything of the service's.
/// </summary>
internal sealed class NodeReplica(string node, string folder, NpgsqlDataSource database)
{
    private const string Service = "accounts"; // its row in the table progress
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly string _where = $"node {node}";

    /// <summary>How much was looked at.</summary>
    public string Counted { get; private set; } = $"node {node} not read";

    /// <summary>Looks at it.</summary>
    public async Task LookAsync(Findings findings, DateTimeOffset until, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
        var position = await PositionAsync(connection, stop);
        try
        {
            var applied = await AppliedAsync(position, until, stop);
            if (applied < position) findings.Add(_where, "replica", "it does not catch up with the accounts service");
            using var replica = Open();
            using var view = replica.BeginTransaction(deferred: true);
            using var rows = new ReplicaReader(replica);
            var named = await CompareAsync(connection, position, rows, findings, stop);
            foreach (var (key, what) in rows.Living().Where(r => !named.Contains(r.Key))) findings.Add(_where, key, $"{what}, and the accounts service does not");
            LookAtFolders(rows, findings);
            Counted = $"node {node} with {named.Count} rows";
        }
        catch (SqliteException e)
        {
            findings.Add(_where, "replica", $"it cannot be read: {e.Message}");
        }
        catch (InvalidCastException e)
        {
            findings.Add(_where, "list", $"the accounts service has a row that it cannot list: {e.Message}");
        }
    }

    private static async Task<long> PositionAsync(NpgsqlConnection snapshot, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select coalesce(max(seq_id), 0) from mt_events", snapshot);
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    private async Task<long> AppliedAsync(long position, DateTimeOffset until, CancellationToken stop)
    {
        while (true)
        {
            using (var replica = Open())
            {
                using var command = replica.CreateCommand();
                command.CommandText = "SELECT applied FROM progress WHERE service = $1";
                command.Parameters.AddWithValue("$1", Service);
                var applied = command.ExecuteScalar() as long? ?? 0;
                if (applied >= position || DateTimeOffset.UtcNow >= until) return applied;
            }

            await Task.Delay(Pause, stop);
        }
    }

    private async Task<HashSet<string>> CompareAsync(NpgsqlConnection snapshot, long position, ReplicaReader rows, Findings findings, CancellationToken stop)
    {
        // Only the keys are kept in memory: about 10 MB for 100,000 accounts.
        var named = new HashSet<string>(StringComparer.Ordinal);
        await foreach (var state in new NodeStates(box: null).All(snapshot, position, stop))
        {
            var (key, expected) = ReplicaReader.Expected(state);
            named.Add(key);
            var actual = rows.Find(state);
            if (expected is null)
            {
                if (actual is not null) findings.Add(_where, key, "it has it, although it is deleted");
            }
            else if (actual is null)
            {
                findings.Add(_where, key, "it does not have it");
            }
            else
            {
                foreach (var (field, value) in expected) findings.Compare(_where, key, field, actual[field], value, hidden: field == ReplicaReader.Hash);
            }
        }

        return named;
    }

    // <folder>/vmail/<two last digits of the id>/<id>, and <folder>/vmail/erased for what is on its way out
    private void LookAtFolders(ReplicaReader rows, Findings findings)
    {
        var mailboxes = Path.Combine(folder, "vmail");
        if (!Directory.Exists(mailboxes)) return;
        foreach (var mailbox in Directory.EnumerateDirectories(mailboxes).Where(shard => Path.GetFileName(shard) != "erased").SelectMany(Directory.EnumerateDirectories))
        {
            var id = Path.GetFileName(mailbox);
            if (!rows.MayHaveFolder(id)) findings.Add(_where, id, "there is a mailbox folder that belongs to no account");
        }
    }

    // The file is opened read-only and anew each time: the agent may replace it by another one.
    private SqliteConnection Open()
    {
        var connection = new SqliteConnection($"Data Source={Path.Combine(folder, "replica.db")};Mode=ReadOnly;Pooling=False;Default Timeout=10");
        connection.Open();
        return connection;
    }
}
