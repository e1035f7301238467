using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Accounts that are gone and of which something may still be on this node (rule ACC-5), as it stands in the replica. Each call
/// is part of a transaction. A tombstone keeps the address for as long as the queue is searched for it; then nothing is left
/// of a person in it. It is never begun anew: a state that comes again changes nothing.
/// </summary>
internal static class Erasures
{
    // A folder that belongs to no account of a new replica is kept this long. If a service with lost data filled the replica,
    // operators have time to notice.
    private static readonly TimeSpan OrphansWait = TimeSpan.FromDays(7);

    /// <summary>One that is due.</summary>
    /// <param name="AccountId">The account.</param>
    /// <param name="Address">Empty when nothing of it can be in the queue.</param>
    /// <param name="DeletedAt">Since when nobody can send to it or log in.</param>
    /// <param name="HasSessions">Whether sessions are still to be ended.</param>
    internal sealed record Due(string AccountId, string Address, DateTimeOffset DeletedAt, bool HasSessions);

    /// <summary>An account is gone, as its state says.</summary>
    public static void Begin(SqliteConnection replica, MailboxState gone, DateTimeOffset now, long? obeyed = null)
    {
        replica.Run(
            "INSERT OR IGNORE INTO mailbox (account_id, address, domain, life, capacity_mb, version, position) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            gone.AccountId, gone.Address, gone.Domain, gone.Life, gone.CapacityMb, gone.Version, gone.Position);
        Begin(replica, gone.AccountId, now, obeyed);
        // A folder that waited because its account was unknown is erased now.
        replica.Run("UPDATE mailbox SET version = $2, position = $3, erase_due = min(erase_due, $4) WHERE account_id = $1",
            gone.AccountId, gone.Version, gone.Position, now.ToUnixTimeMilliseconds());
    }

    /// <summary>An account of this node is gone.</summary>
    public static void Begin(SqliteConnection replica, string accountId, DateTimeOffset now, long? obeyed = null)
    {
        var at = now.ToUnixTimeMilliseconds();
        // An account without a password has no sessions.
        if (replica.One<string>("SELECT address FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL AND password_hash IS NOT NULL", accountId) is { } address)
            SessionEnds.Add(replica, MailboxPart.Owner, accountId, address, now, obeyed);
        // If a later life has the address already, queued mail may belong to it.
        replica.Run(
            """
            UPDATE mailbox SET password_hash = NULL, unicode_address = NULL, mail_deletion_job = NULL, mail_deletion_at = NULL, deleted_at = $2, erase_due = $2,
                address = CASE WHEN EXISTS (SELECT 1 FROM mailbox AS later
                    WHERE later.address = mailbox.address AND later.life > mailbox.life AND later.deleted_at IS NULL) THEN '' ELSE address END
            WHERE account_id = $1 AND deleted_at IS NULL
            """, accountId, at);
        replica.Run("DELETE FROM usage WHERE account_id = $1", accountId);
        replica.Run("DELETE FROM verified_password WHERE account_id = $1", accountId);
        replica.Run("DELETE FROM tidied WHERE account_id = $1", accountId);
    }

    /// <summary>There are folders of these; who of them is no account is erased in a week, unless a list names it until then.</summary>
    /// <returns>How many are new.</returns>
    public static int BeginOrphans(SqliteConnection replica, IEnumerable<string> folders, DateTimeOffset now) => folders.Sum(id => replica.Run(
        """
        INSERT OR IGNORE INTO mailbox (account_id, address, domain, life, capacity_mb, version, position, deleted_at, erase_due)
        VALUES ($1, '', '', 0, 0, 0, 0, $2, $3)
        """, id, now.ToUnixTimeMilliseconds(), (now + OrphansWait).ToUnixTimeMilliseconds()));

    /// <summary>Those whose turn it is, the oldest first.</summary>
    public static List<Due> Take(SqliteConnection replica, DateTimeOffset now, int atMost) => replica.All(
        """
        SELECT account_id, address, deleted_at, EXISTS (SELECT 1 FROM session_end AS s WHERE s.account_id IN (mailbox.account_id, '*'))
        FROM mailbox WHERE erase_due <= $1 ORDER BY erase_due LIMIT $2
        """,
        r => new Due(r.GetString(0), r.GetString(1), DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(2)), r.GetBoolean(3)),
        now.ToUnixTimeMilliseconds(), atMost);

    /// <summary>Something is left; it is tried again later, after others.</summary>
    public static void Postpone(SqliteConnection replica, string accountId, DateTimeOffset until)
        => replica.Run("UPDATE mailbox SET erase_due = $2 WHERE account_id = $1 AND erase_due IS NOT NULL", accountId, until.ToUnixTimeMilliseconds());

    /// <summary>Nothing is left outside of the replica: takes out what is in it, and tells the services.</summary>
    public static void Finish(SqliteConnection replica, string node, string accountId, DateTimeOffset now)
    {
        // Skips an account that a list has named meanwhile.
        if (replica.Run("UPDATE mailbox SET address = '', domain = '', erase_due = NULL WHERE account_id = $1 AND erase_due IS NOT NULL", accountId) == 0) return;
        replica.Run("DELETE FROM session_end WHERE account_id = $1", accountId);
        replica.Run("DELETE FROM mail_deletion WHERE account_id = $1", accountId);
        replica.Run("DELETE FROM mail_deletion_folder WHERE account_id = $1", accountId);
        // Deletes day by day, which is the table's order. Counts are kept for 40 days.
        replica.Run(
            """
            DELETE FROM login_count WHERE account_id = $1 AND day IN (
                WITH RECURSIVE days (day) AS (SELECT max(day) FROM login_count UNION ALL SELECT date(day, '-1 day') FROM days LIMIT 42) SELECT day FROM days)
            """, accountId);
        FactOutbox.Add(replica, new MailboxErased(node, accountId, now));
    }
}
