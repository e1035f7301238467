using Hikyaku.Spam.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>Whether the spam settings of a domain's accounts act (SPM-5). A domain without a row, or with a tombstone, is not in force.</summary>
public sealed class DomainStandingPart : Part<DomainStandingState>
{
    /// <inheritdoc/>
    public override string Service => "spam";

    /// <inheritdoc/>
    public override string Tables =>
        """
        CREATE TABLE domain_standing (
            domain TEXT PRIMARY KEY, in_force INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    protected override string Table => "domain_standing";

    /// <inheritdoc/>
    protected override string KeyColumn => "domain";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT domain, in_force, version, position, deleted_at FROM domain_standing",
        r => new HeldState(new DomainStandingState(r.GetString(0), r.GetInt64(1) != 0, r.GetInt64(2), r.GetInt64(3), !r.IsDBNull(4)), IsAsWritten: true));

    /// <inheritdoc/>
    protected override bool IsWhole(DomainStandingState state) => state is { Domain.Length: > 0 and <= 253 };

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(DomainStandingState state) => new(state.Domain, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, DomainStandingState state, DateTimeOffset now, long? obeyed) => replica.Run(
        "INSERT OR REPLACE INTO domain_standing VALUES ($1, $2, $3, $4, $5)",
        state.Domain, state.InForce ? 1 : 0, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
}
