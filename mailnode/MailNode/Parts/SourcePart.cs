using System.Text.Json;
using Hikyaku.Restrictions.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>Networks from which nobody logs in (RST-3), but for accounts that did so before; for Dovecot (dovecot/sql.conf).</summary>
public sealed class SourcePart : Part<SourceState>
{
    /// <inheritdoc/>
    public override string Service => RestrictionPart.Owner;

    /// <inheritdoc/>
    public override string Tables =>
        """
        -- prefix as in restriction_block.
        CREATE TABLE stopped_source (
            network TEXT PRIMARY KEY, prefix TEXT NOT NULL, until INTEGER NOT NULL, reference TEXT NOT NULL, text TEXT NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;
        CREATE INDEX stopped_source_prefix ON stopped_source (prefix) WHERE deleted_at IS NULL;
        CREATE TABLE source_known (network TEXT NOT NULL, account_id TEXT NOT NULL, PRIMARY KEY (network, account_id)) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    public override string Views =>
        """
        -- As restriction_in_force.
        CREATE VIEW source_in_force AS SELECT * FROM stopped_source WHERE deleted_at IS NULL AND until + 600000 > unixepoch() * 1000;
        """;

    /// <inheritdoc/>
    protected override string Table => "stopped_source";

    /// <inheritdoc/>
    protected override string KeyColumn => "network";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica)
    {
        var known = replica.All("SELECT network, account_id FROM source_known ORDER BY network, account_id", r => (r.GetString(0), r.GetString(1))).ToLookup(k => k.Item1, k => k.Item2);
        return replica.All("SELECT network, until, reference, text, version, position, deleted_at FROM stopped_source", r => new HeldState(
            new SourceState(
                r.GetString(0), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(1)), r.GetString(2), r.GetString(3), [.. known[r.GetString(0)]], r.GetInt64(4), r.GetInt64(5), !r.IsDBNull(6)),
            IsAsWritten: true));
    }

    /// <inheritdoc/>
    public override void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed)
    {
        replica.Run("DELETE FROM source_known WHERE network = $1", key);
        base.Vanish(replica, key, now, obeyed);
    }

    /// <inheritdoc/>
    protected override bool IsWhole(SourceState state)
        => state is { Reference: not null, Text: not null, KnownAccounts: not null } && NetworkPrefix.Of(state.Network) is not null && state.KnownAccounts.All(a => a is not null);

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(SourceState state) => new(state.Network, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, SourceState state, DateTimeOffset now, long? obeyed)
    {
        replica.Run(
            "INSERT OR REPLACE INTO stopped_source VALUES ($1, $2, $3, $4, $5, $6, $7, $8)", state.Network, NetworkPrefix.Of(state.Network), state.Until.ToUnixTimeMilliseconds(),
            state.Reference, state.Text, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
        replica.Run("DELETE FROM source_known WHERE network = $1", state.Network);
        replica.Run("INSERT OR IGNORE INTO source_known SELECT $1, value FROM json_each($2)", state.Network, JsonSerializer.Serialize(state.KnownAccounts));
    }
}
