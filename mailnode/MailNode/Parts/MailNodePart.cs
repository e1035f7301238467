using Hikyaku.Accounts.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>The mail nodes, this one too: where the others are, and whether they were retired. A retired one stays.</summary>
public sealed class MailNodePart : Part<MailNodeState>
{
    /// <inheritdoc/>
    public override string Service => "accounts";

    /// <inheritdoc/>
    public override string Tables =>
        """
        CREATE TABLE node (
            node TEXT PRIMARY KEY, host TEXT NOT NULL, imap_port INTEGER NOT NULL, pop3_port INTEGER NOT NULL, lmtp_port INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER, quota_port INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    public override string Views =>
        """
        -- Whether this node was retired: it hands on what it has, and takes nothing more.
        CREATE VIEW standing AS
            SELECT EXISTS (SELECT 1 FROM node WHERE node = (SELECT node FROM replica) AND deleted_at IS NOT NULL) AS retired;
        """;

    /// <inheritdoc/>
    protected override string Table => "node";

    /// <inheritdoc/>
    protected override string KeyColumn => "node";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT node, host, imap_port, pop3_port, lmtp_port, version, position, deleted_at, quota_port FROM node",
        row => new HeldState(
            new MailNodeState(
                row.GetString(0), row.GetString(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4), row.GetInt64(5), row.GetInt64(6), !row.IsDBNull(7), row.GetInt32(8)),
            IsAsWritten: true));

    /// <inheritdoc/>
    public override void ForgetTombstones(SqliteConnection replica, DateTimeOffset before)
    {
        // tombstones of nodes stay: mailboxes may still be placed on a retired node
    }

    /// <inheritdoc/>
    protected override bool IsWhole(MailNodeState state)
        => state is { Node.Length: > 0 and <= 64, Host.Length: > 0 and <= 253, ImapPort: > 0, Pop3Port: > 0, LmtpPort: > 0 };

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(MailNodeState state) => new(state.Node, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, MailNodeState state, DateTimeOffset now, long? obeyed) => replica.Run(
        "INSERT OR REPLACE INTO node VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        state.Node, state.Host, state.ImapPort, state.Pop3Port, state.LmtpPort, state.Version, state.Position,
        state.Deleted ? now.ToUnixTimeMilliseconds() : null, state.QuotaPort);
}
