using Hikyaku.Restrictions.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// What accounts may not do (RST-1): Postfix reads who may not send (postfix/restrictions.cf), Dovecot who may not log in from where
/// (dovecot/sql.conf). A lock ends the sessions that are open; one of a network ends those from there.
/// </summary>
public sealed class RestrictionPart : Part<RestrictionState>
{
    /// <summary>The service that owns it.</summary>
    public const string Owner = "restrictions";

    private const string Locked = "account-locked";

    /// <inheritdoc/>
    public override string Service => Owner;

    /// <inheritdoc/>
    public override string Tables =>
        """
        CREATE TABLE restriction (
            account_id TEXT PRIMARY KEY, version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;
        -- prefix is what the addresses of a network begin with, like 192.0.2. or 2001:db8:0:0: (of IPv6 the first four groups, without leading
        -- zeros); empty: from everywhere. until in milliseconds since 1970, by the service's clock.
        CREATE TABLE restriction_block (
            account_id TEXT NOT NULL, reference TEXT NOT NULL, kind TEXT NOT NULL, network TEXT, prefix TEXT NOT NULL, until INTEGER, text TEXT NOT NULL,
            PRIMARY KEY (account_id, reference)) STRICT, WITHOUT ROWID;
        CREATE TABLE restriction_known (
            account_id TEXT NOT NULL, network TEXT NOT NULL, prefix TEXT NOT NULL, PRIMARY KEY (account_id, network)) STRICT, WITHOUT ROWID;
        -- What becomes of mail that is held (MailHolder).
        CREATE TABLE restriction_decided (
            account_id TEXT NOT NULL, node TEXT NOT NULL, queue_id TEXT NOT NULL, released INTEGER NOT NULL, PRIMARY KEY (account_id, node, queue_id)) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    public override string Views =>
        """
        -- What holds now. The service lifts what is over; a while later it is over here in any case, so that nothing ends early
        -- by a clock that is ahead, and nothing holds for ever while the service is away.
        CREATE VIEW restriction_in_force AS SELECT * FROM restriction_block WHERE until IS NULL OR until + 600000 > unixepoch() * 1000;
        """;

    /// <inheritdoc/>
    protected override string Table => "restriction";

    /// <inheritdoc/>
    protected override string KeyColumn => "account_id";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica)
    {
        var blocks = replica.All("SELECT account_id, kind, network, until, reference, text FROM restriction_block ORDER BY account_id, reference", r => (
            Account: r.GetString(0),
            Block: new Block(r.GetString(1), Text(r, 2), r.IsDBNull(3) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(3)), r.GetString(4), r.GetString(5)))).ToLookup(b => b.Account, b => b.Block);
        var known = replica.All("SELECT account_id, network FROM restriction_known ORDER BY account_id, network", r => (r.GetString(0), r.GetString(1))).ToLookup(k => k.Item1, k => k.Item2);
        var decided = replica.All("SELECT account_id, node, queue_id, released FROM restriction_decided ORDER BY account_id, node, queue_id", r => (r.GetString(0), new DecidedMail(r.GetString(1), r.GetString(2), r.GetInt64(3) != 0)))
            .ToLookup(d => d.Item1, d => d.Item2);
        return replica.All("SELECT account_id, version, position, deleted_at FROM restriction", r => new HeldState(
            new RestrictionState(r.GetString(0), [.. blocks[r.GetString(0)]], [.. known[r.GetString(0)]], [.. decided[r.GetString(0)]], r.GetInt64(1), r.GetInt64(2), !r.IsDBNull(3)), IsAsWritten: true));
    }

    /// <inheritdoc/>
    public override void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed)
    {
        Clear(replica, key);
        base.Vanish(replica, key, now, obeyed);
    }

    /// <summary>Of accounts that the former replica did not lock.</summary>
    public override void EndFormerSessions(SqliteConnection made, SqliteConnection former)
    {
        foreach (var (account, reference, network) in made.All($"SELECT account_id, reference, network FROM restriction_block WHERE kind = '{Locked}'", r => (r.GetString(0), r.GetString(1), Text(r, 2))))
        {
            if (former.One<string>("SELECT reference FROM restriction_block WHERE account_id = $1 AND reference = $2", account, reference) is null)
                EndSessions(made, account, network, DateTimeOffset.UnixEpoch, obeyed: 0);
        }
    }

    /// <inheritdoc/>
    protected override bool IsWhole(RestrictionState state)
        => state is { AccountId.Length: > 0 and <= 64, Blocks: not null, KnownNetworks: not null, Decided: not null }
            && state.Blocks.All(b => b is { Kind.Length: > 0, Reference.Length: > 0, Text: not null } && (b.Network is null || NetworkPrefix.Of(b.Network) is not null))
            && state.KnownNetworks.All(n => NetworkPrefix.Of(n) is not null) && state.Decided.All(d => d is { Node.Length: > 0, QueueId.Length: > 0 });

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(RestrictionState state) => new(state.AccountId, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, RestrictionState state, DateTimeOffset now, long? obeyed)
    {
        var held = replica.All("SELECT reference FROM restriction_block WHERE account_id = $1", r => r.GetString(0), state.AccountId);
        Clear(replica, state.AccountId);
        replica.Run("INSERT OR REPLACE INTO restriction VALUES ($1, $2, $3, $4)", state.AccountId, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
        foreach (var block in state.Blocks)
        {
            replica.Run("INSERT OR IGNORE INTO restriction_block VALUES ($1, $2, $3, $4, $5, $6, $7)",
                state.AccountId, block.Reference, block.Kind, block.Network, block.Network is null ? "" : NetworkPrefix.Of(block.Network), block.Until?.ToUnixTimeMilliseconds(), block.Text);
        }

        foreach (var network in state.KnownNetworks)
            replica.Run("INSERT OR IGNORE INTO restriction_known VALUES ($1, $2, $3)", state.AccountId, network, NetworkPrefix.Of(network));
        foreach (var message in state.Decided)
            replica.Run("INSERT OR IGNORE INTO restriction_decided VALUES ($1, $2, $3, $4)", state.AccountId, message.Node, message.QueueId, message.IsReleased ? 1 : 0);
        foreach (var locked in state.Blocks.Where(b => b.Kind == Locked && !held.Contains(b.Reference))) EndSessions(replica, state.AccountId, locked.Network, now, obeyed);
    }

    private static void EndSessions(SqliteConnection replica, string accountId, string? network, DateTimeOffset now, long? obeyed)
    {
        if (replica.One<string>("SELECT address FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL", accountId) is { } address)
            SessionEnds.Add(replica, Owner, accountId, address, now, obeyed, network);
    }

    private static void Clear(SqliteConnection replica, string accountId)
    {
        replica.Run("DELETE FROM restriction_block WHERE account_id = $1", accountId);
        replica.Run("DELETE FROM restriction_known WHERE account_id = $1", accountId);
        replica.Run("DELETE FROM restriction_decided WHERE account_id = $1", accountId);
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
