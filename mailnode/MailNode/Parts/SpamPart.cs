using Hikyaku.Spam.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>What is done with spam: each account's settings. A change is obeyed by the next message; no session depends on it.</summary>
public sealed class SpamPart : Part<SpamState>
{
    /// <inheritdoc/>
    public override string Service => "spam";

    /// <inheritdoc/>
    public override string Tables =>
        """
        CREATE TABLE spam (
            account_id TEXT PRIMARY KEY, tag INTEGER NOT NULL, sort INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    public override string Views =>
        """
        -- Settings that act now (SPM-5); RoutingPart makes them a part of the account's script.
        CREATE VIEW spam_in_force AS
            SELECT s.account_id, s.tag, s.sort
            FROM spam AS s
            JOIN holder AS h ON h.account_id = s.account_id
            JOIN domain_standing AS d ON d.domain = h.domain AND d.in_force AND d.deleted_at IS NULL
            WHERE s.deleted_at IS NULL AND (s.tag OR s.sort);
        """;

    /// <inheritdoc/>
    protected override string Table => "spam";

    /// <inheritdoc/>
    protected override string KeyColumn => "account_id";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT account_id, tag, sort, version, position, deleted_at FROM spam",
        r => new HeldState(
            new SpamState(r.GetString(0), r.GetInt64(1) != 0, r.GetInt64(2) != 0, r.GetInt64(3), r.GetInt64(4), !r.IsDBNull(5)), IsAsWritten: true));

    /// <inheritdoc/>
    protected override bool IsWhole(SpamState state) => state is { AccountId.Length: > 0 and <= 64 };

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(SpamState state) => new(state.AccountId, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, SpamState state, DateTimeOffset now, long? obeyed) => replica.Run(
        "INSERT OR REPLACE INTO spam VALUES ($1, $2, $3, $4, $5, $6)",
        state.AccountId, state.TagSubject ? 1 : 0, state.SortToJunk ? 1 : 0, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
}
