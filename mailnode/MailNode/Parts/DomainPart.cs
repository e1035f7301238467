using Hikyaku.Accounts.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>The domains for which mail is taken.</summary>
public sealed class DomainPart : Part<DomainState>
{
    /// <inheritdoc/>
    public override string Service => "accounts";

    /// <inheritdoc/>
    public override string Tables =>
        """
        CREATE TABLE domain (
            domain TEXT PRIMARY KEY, served INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    public override string Views => "CREATE VIEW postfix_domain AS SELECT domain FROM domain WHERE served AND deleted_at IS NULL;";

    /// <inheritdoc/>
    protected override string Table => "domain";

    /// <inheritdoc/>
    protected override string KeyColumn => "domain";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT domain, served, version, position, deleted_at FROM domain",
        row => new HeldState(new DomainState(row.GetString(0), row.GetInt64(1) != 0, row.GetInt64(2), row.GetInt64(3), !row.IsDBNull(4)), IsAsWritten: true));

    /// <inheritdoc/>
    protected override bool IsWhole(DomainState state) => state is { Domain.Length: > 0 and <= 253 };

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(DomainState state) => new(state.Domain, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, DomainState state, DateTimeOffset now, long? obeyed) => replica.Run(
        "INSERT OR REPLACE INTO domain VALUES ($1, $2, $3, $4, $5)",
        state.Domain, state.Served ? 1 : 0, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
}
