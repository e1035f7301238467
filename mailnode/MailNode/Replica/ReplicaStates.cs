using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>Reads states back out of the replica, as they were written by <see cref="ReplicaRows"/>.</summary>
public static class ReplicaStates
{
    private static readonly Part[] All =
    [
        new(nameof(DomainState), "SELECT domain, served, version, position, deleted_at FROM domain", row => new(
            row.GetString(0),
            new DomainState(row.GetString(0), row.GetInt64(1) != 0, row.GetInt64(2), row.GetInt64(3), !row.IsDBNull(4)),
            IsAsWritten: true)),
        new(nameof(MailNodeState), "SELECT node, host, imap_port, pop3_port, lmtp_port, version, position, deleted_at, quota_port FROM node", row => new(
            row.GetString(0),
            new MailNodeState(
                row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4), row.GetInt64(5), row.GetInt64(6), !row.IsDBNull(7), row.GetInt32(8)),
            IsAsWritten: true)),
        new(nameof(MailboxState),
            """
            SELECT account_id, address, domain, life, password_hash, capacity_mb, version, position, deleted_at, home_node, mail_deletion_job, mail_deletion_at, unicode_address
            FROM mailbox
            """, ReadMailbox),
    ];

    /// <summary>A state that the replica holds.</summary>
    /// <param name="Key">Its key.</param>
    /// <param name="State">The state.</param>
    /// <param name="IsAsWritten">Whether what is derived from it stands there as well.</param>
    public sealed record Held(string Key, object State, bool IsAsWritten);

    /// <summary>The parts that this version of the agent keeps, by the names of their contracts.</summary>
    public static IReadOnlyList<string> Parts { get; } = [.. All.Select(p => p.Name)];

    /// <summary>Every state of a part.</summary>
    public static List<Held> Of(SqliteConnection replica, string part) => replica.All(All.Single(p => p.Name == part).Sql, All.Single(p => p.Name == part).Read);

    /// <summary>The digests of everything.</summary>
    public static NodeStateDigests Digests(SqliteConnection replica)
    {
        var digests = new NodeStateDigests();
        foreach (var held in Parts.SelectMany(p => Of(replica, p)))
        {
            if (held.IsAsWritten) digests.Add(held.State); // else it is missing in its shard's digest, which then differs
        }

        return digests;
    }

    /// <summary>A state's version and the position where it was told.</summary>
    public static (long Version, long Position) VersionOf(object state) => state switch
    {
        MailboxState m => (m.Version, m.Position),
        DomainState d => (d.Version, d.Position),
        MailNodeState n => (n.Version, n.Position),
        _ => throw new ArgumentException($"{state.GetType().Name} is no state that a node keeps", nameof(state)),
    };

    private static Held ReadMailbox(SqliteDataReader row)
    {
        var deletion = Text(row, 10) is { } job ? new MailDeletion(job, DateTimeOffset.FromUnixTimeMilliseconds(row.IsDBNull(11) ? 0 : row.GetInt64(11))) : null;
        var state = new MailboxState(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), Text(row, 4), row.GetInt32(5), row.GetInt64(6), row.GetInt64(7),
            !row.IsDBNull(8), Text(row, 9), deletion);
        return new(state.AccountId, state, Text(row, 12) == ReplicaRows.UnicodeAddress(state) && (deletion is not null || row.IsDBNull(11)));
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private sealed record Part(string Name, string Sql, Func<SqliteDataReader, Held> Read);
}
