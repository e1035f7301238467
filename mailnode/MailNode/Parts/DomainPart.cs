using Hikyaku.Accounts.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>The domains for which mail is taken, and the keys that sign what they send.</summary>
public sealed class DomainPart : Part<DomainState>
{
    /// <inheritdoc/>
    public override string Service => "accounts";

    /// <inheritdoc/>
    public override string Tables =>
        """
        CREATE TABLE domain (
            domain TEXT PRIMARY KEY, served INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER, dkim_selector TEXT, dkim_key TEXT) STRICT, WITHOUT ROWID;
        -- Whose file with the key is still to be written or removed (SigningKeys).
        CREATE TABLE signing_due (domain TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    public override string Views => "CREATE VIEW postfix_domain AS SELECT domain FROM domain WHERE served AND deleted_at IS NULL;";

    /// <inheritdoc/>
    protected override string Table => "domain";

    /// <inheritdoc/>
    protected override string KeyColumn => "domain";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT domain, served, version, position, deleted_at, dkim_selector, dkim_key FROM domain",
        row => new HeldState(
            new DomainState(row.GetString(0), row.GetInt64(1) != 0, row.GetInt64(2), row.GetInt64(3), !row.IsDBNull(4))
            {
                Dkim = row.IsDBNull(5) && row.IsDBNull(6) ? null : new(row.IsDBNull(5) ? "" : row.GetString(5), row.IsDBNull(6) ? "" : row.GetString(6)),
            },
            IsAsWritten: true));

    /// <inheritdoc/>
    public override void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed)
    {
        base.Vanish(replica, key, now, obeyed);
        replica.Run("INSERT OR IGNORE INTO signing_due VALUES ($1)", key);
    }

    /// <inheritdoc/>
    protected override bool IsWhole(DomainState state)
        => state is { Domain.Length: > 0 and <= 253 } && !state.Domain.Contains('/', StringComparison.Ordinal) // it names a file
            && state.Dkim is null or { Selector.Length: > 0 and <= 63, PrivateKey.Length: > 0 } && state.Dkim?.Selector.All(char.IsAsciiLetterOrDigit) != false;

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(DomainState state) => new(state.Domain, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, DomainState state, DateTimeOffset now, long? obeyed)
    {
        replica.Run(
            "INSERT OR REPLACE INTO domain VALUES ($1, $2, $3, $4, $5, $6, $7)",
            state.Domain, state.Served ? 1 : 0, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null,
            state.Dkim?.Selector, state.Dkim?.PrivateKey);
        replica.Run("INSERT OR IGNORE INTO signing_due VALUES ($1)", state.Domain);
    }
}
