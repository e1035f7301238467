using Hikyaku.DataCopy.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// The mailboxes that the copy worker may write into, and until when (CPY-7, docs/decisions/0046): Dovecot reads them when the
/// worker logs in (dovecot/copy.conf). When a grant ends, by a newer state or by its time, the worker's sessions end, and no others.
/// </summary>
public sealed class CopyGrantPart : Part<CopyGrantState>
{
    /// <summary>The service that owns it.</summary>
    public const string Owner = "datacopy";

    private const string Scheme = "{SSHA512}";
    private const int DigestLength = 64;
    private const int ShortestSalt = 8;

    /// <inheritdoc/>
    public override string Service => Owner;

    /// <inheritdoc/>
    public override string Tables =>
        """
        -- expires_at in milliseconds since 1970. expired: it is over, and its sessions were noted to be ended.
        CREATE TABLE copy_grant (
            account_id TEXT PRIMARY KEY, secret_hash TEXT, expires_at INTEGER,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER, expired INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX copy_grant_open ON copy_grant (expires_at) WHERE secret_hash IS NOT NULL AND NOT expired;
        """;

    /// <inheritdoc/>
    public override string Views =>
        $"""
        -- Who may log in as the copy worker now. An account without a password is never a destination, as its password was verified (CPY-9).
        CREATE VIEW dovecot_copy AS
            SELECT u.address, u.address || '{CopyGrantState.LoginSuffix}' AS login, g.secret_hash, u.home, u.quota_rule, u.is_here, u.proxy, u.host, u.imap_port, u.starttls
            FROM copy_grant AS g JOIN dovecot_user AS u ON u.account_id = g.account_id
            WHERE g.secret_hash IS NOT NULL AND g.deleted_at IS NULL AND g.expires_at > (julianday('now') - 2440587.5) * 86400000 AND u.password_hash IS NOT NULL;
        """;

    /// <inheritdoc/>
    protected override string Table => "copy_grant";

    /// <inheritdoc/>
    protected override string KeyColumn => "account_id";

    /// <summary>Whether a login name is that of the worker.</summary>
    public static bool IsCopyLogin(string? login) => login?.TrimEnd().EndsWith(CopyGrantState.LoginSuffix, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>The address of the mailbox that a session is in, by its login name.</summary>
    public static string AddressOf(string login) => IsCopyLogin(login) ? login.TrimEnd()[..^CopyGrantState.LoginSuffix.Length] : login;

    /// <summary>What matches the worker's sessions in a mailbox: a mask of doveadm kick, in which an asterisk stands for more than itself.</summary>
    public static string SessionsIn(string address) => address + CopyGrantState.LoginSuffix.Replace('*', '?');

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        "SELECT account_id, secret_hash, expires_at, version, position, deleted_at FROM copy_grant",
        r => new HeldState(
            new CopyGrantState(
                r.GetString(0), r.IsDBNull(1) ? null : r.GetString(1), r.IsDBNull(2) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(2)),
                r.GetInt64(3), r.GetInt64(4), !r.IsDBNull(5)),
            IsAsWritten: true));

    /// <inheritdoc/>
    public override void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed)
    {
        if (replica.One<string>("SELECT secret_hash FROM copy_grant WHERE account_id = $1", key) is not null) EndSessions(replica, key, now, obeyed);
        base.Vanish(replica, key, now, obeyed);
    }

    /// <summary>Of grants that the former replica had and this one has not.</summary>
    public override void EndFormerSessions(SqliteConnection made, SqliteConnection former)
    {
        foreach (var (account, secret) in former.All("SELECT account_id, secret_hash FROM copy_grant WHERE secret_hash IS NOT NULL", r => (r.GetString(0), r.GetString(1))))
        {
            if (made.One<string>("SELECT secret_hash FROM copy_grant WHERE account_id = $1", account) != secret) EndSessions(made, account, DateTimeOffset.UnixEpoch, obeyed: 0);
        }
    }

    /// <inheritdoc/>
    public override void EndExpiredSessions(SqliteConnection replica, DateTimeOffset now)
    {
        foreach (var account in replica.All(
            "SELECT account_id FROM copy_grant WHERE secret_hash IS NOT NULL AND NOT expired AND expires_at <= $1", r => r.GetString(0), now.ToUnixTimeMilliseconds()))
        {
            replica.Run("UPDATE copy_grant SET expired = 1 WHERE account_id = $1", account);
            EndSessions(replica, account, now, obeyed: null);
        }
    }

    /// <inheritdoc/>
    protected override bool IsWhole(CopyGrantState state)
        => state is { AccountId.Length: > 0 and <= 64 } && (state.SecretHash is null || (state.ExpiresAt is not null && IsSaltedHash(state.SecretHash)));

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(CopyGrantState state) => new(state.AccountId, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, CopyGrantState state, DateTimeOffset now, long? obeyed)
    {
        var former = replica.One<string>("SELECT secret_hash FROM copy_grant WHERE account_id = $1", state.AccountId);
        // A repair (obeyed is set) does not know what the worker was let in by.
        if ((former is not null || obeyed is not null) && (former != state.SecretHash || state.Deleted)) EndSessions(replica, state.AccountId, now, obeyed);
        replica.Run("INSERT OR REPLACE INTO copy_grant VALUES ($1, $2, $3, $4, $5, $6, 0)",
            state.AccountId, state.SecretHash, state.ExpiresAt?.ToUnixTimeMilliseconds(), state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null);
    }

    // Dovecot takes other schemes as well, by which anybody or nobody might be let in.
    private static bool IsSaltedHash(string hash)
    {
        Span<byte> digest = stackalloc byte[256];
        return hash.StartsWith(Scheme, StringComparison.Ordinal) && Convert.TryFromBase64String(hash[Scheme.Length..], digest, out var length) && length >= DigestLength + ShortestSalt;
    }

    // Who has no mailbox here has no sessions.
    private static void EndSessions(SqliteConnection replica, string accountId, DateTimeOffset now, long? obeyed)
    {
        if (replica.One<string>("SELECT address FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL", accountId) is { } address)
            SessionEnds.Add(replica, Owner, accountId, address, now, obeyed);
    }
}
