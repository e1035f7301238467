using System.Globalization;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>Writes states into the replica by the rules of <see cref="Newest"/>. Each call is part of a transaction.</summary>
public static class ReplicaRows
{
    /// <summary>The service whose states these are.</summary>
    public const string Accounts = "accounts";

    private static readonly TimeSpan TombstoneLife = TimeSpan.FromDays(30);
    private static readonly IdnMapping Idn = new();

    internal const int RoundsOfEnding = 2; // why: SessionEnder

    /// <summary>Whether a state is one: a message that is not would stop everything behind it.</summary>
    public static bool IsWhole(object state) => state switch
    {
        MailboxState m => m is { AccountId.Length: > 1 and <= 64, Address.Length: <= 320, Domain.Length: <= 253 } && IsFolderName(m.AccountId)
            // Of an account that is gone the address may be erased already.
            && (m.Deleted || m is { Address.Length: > 2, Domain.Length: > 0, CapacityMb: > 0 }),
        DomainState d => d is { Domain.Length: > 0 and <= 253 },
        MailNodeState n => n is { Node.Length: > 0 and <= 64, Host.Length: > 0 and <= 253, ImapPort: > 0, Pop3Port: > 0, LmtpPort: > 0 },
        _ => false,
    };

    /// <summary>Applies a state from the watch; whether it was newer than what was there.</summary>
    public static bool Watch(SqliteConnection replica, object state, DateTimeOffset now)
    {
        var (known, version, position) = Known(replica, state);
        // That an account is gone which was never here, or is forgotten, is obeyed whatever its age: it brings nothing back.
        var gone = known is null && state is MailboxState { Deleted: true };
        if (!gone && !Newest.Watched(known, version, position, Progress(replica).Listed)) return false;
        Write(replica, state, now);
        return true;
    }

    /// <summary>Applies a bookmark; false when states are missing before it.</summary>
    public static bool Watch(SqliteConnection replica, NodeStateBookmark bookmark)
    {
        ArgumentNullException.ThrowIfNull(bookmark);
        if (Newest.Applied(Progress(replica).Applied, bookmark.After, bookmark.Position) is not { } applied) return false;
        SetProgress(replica, applied, Progress(replica).Listed);
        return true;
    }

    /// <summary>
    /// Applies a whole list: takes away what it did not name and what is not newer than it, and writes what is newer. Who is
    /// gone comes first, so that a later life of an address finds the former one gone.
    /// </summary>
    /// <param name="replica">The replica.</param>
    /// <param name="states">Everything that the service knows.</param>
    /// <param name="position">The list covers all events up to this.</param>
    /// <param name="now">The time.</param>
    public static void List(SqliteConnection replica, IEnumerable<object> states, long position, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(states);
        HashSet<string> accounts = [], domains = [], nodes = [];
        List<object> gone = [], others = [];
        foreach (var state in states)
        {
            if (state is MailboxState m) accounts.Add(m.AccountId);
            if (state is DomainState d) domains.Add(d.Domain);
            if (state is MailNodeState n) nodes.Add(n.Node);
            (state is MailboxState { Deleted: true } ? gone : others).Add(state);
        }

        foreach (var (id, at) in replica.All("SELECT account_id, position FROM mailbox WHERE deleted_at IS NULL", r => (r.GetString(0), r.GetInt64(1))))
        {
            if (!accounts.Contains(id) && Newest.Vanished(at, position)) Erasures.Begin(replica, id, now);
        }

        foreach (var state in gone.Concat(others))
        {
            var (known, version, _) = Known(replica, state);
            if (Newest.Listed(known, version)) Write(replica, state, now);
        }

        foreach (var (domain, at) in replica.All("SELECT domain, position FROM domain", r => (r.GetString(0), r.GetInt64(1))))
        {
            if (!domains.Contains(domain) && Newest.Vanished(at, position)) Vanish(replica, domain);
        }

        foreach (var (node, at) in replica.All("SELECT node, position FROM node", r => (r.GetString(0), r.GetInt64(1))))
        {
            if (!nodes.Contains(node) && Newest.Vanished(at, position)) VanishNode(replica, node);
        }

        var (applied, listed) = Progress(replica);
        SetProgress(replica, Math.Max(applied, position), Math.Max(listed, position));
    }

    /// <summary>Everything that was changed before <paramref name="time"/> is applied; tells the mail servers (rule NOD-5).</summary>
    public static void SetCurrentAsOf(SqliteConnection replica, DateTimeOffset time)
        => replica.Run("UPDATE freshness SET current_as_of = $1 WHERE current_as_of < $1", time.ToUnixTimeMilliseconds());

    /// <summary>Forgets tombstones after 30 days, but none whose erasing is not done.</summary>
    public static void ForgetTombstones(SqliteConnection replica, DateTimeOffset now)
    {
        var before = (now - TombstoneLife).ToUnixTimeMilliseconds();
        replica.Run("DELETE FROM mailbox WHERE deleted_at < $1 AND erase_due IS NULL", before);
        replica.Run("DELETE FROM domain WHERE deleted_at < $1", before);
    }

    /// <summary>How far states are applied and listed.</summary>
    public static (long Applied, long Listed) Progress(SqliteConnection replica)
        => replica.All("SELECT applied, listed FROM progress WHERE service = $1", r => (r.GetInt64(0), r.GetInt64(1)), Accounts).FirstOrDefault();

    /// <summary>
    /// Up to where everything is obeyed. A state whose old sessions may still be open (<see cref="SessionEnder"/>) is applied and
    /// not obeyed.
    /// </summary>
    public static long Obeyed(SqliteConnection replica) => replica.One<long?>(
        "SELECT min(p.applied, ifnull((SELECT min(obeyed) FROM session_end WHERE rounds = $2), p.applied)) FROM progress AS p WHERE service = $1",
        Accounts, RoundsOfEnding) ?? 0;

    /// <summary>What tells a state from others of its part.</summary>
    internal static string KeyOf(object state) => state switch
    {
        MailboxState m => m.AccountId,
        DomainState d => d.Domain,
        MailNodeState n => n.Node,
        _ => throw new ArgumentException($"{state.GetType().Name} is no state that a node keeps", nameof(state)),
    };

    /// <summary>Whether a state says that its key is gone.</summary>
    internal static bool IsTombstone(object state) => state is MailboxState { Deleted: true } or DomainState { Deleted: true } or MailNodeState { Deleted: true };

    /// <summary>Removes what the service does not name.</summary>
    internal static void Vanish(SqliteConnection replica, object state, DateTimeOffset now, long? obeyed = null)
    {
        if (state is MailboxState m) Erasures.Begin(replica, m.AccountId, now, obeyed);
        if (state is DomainState d) Vanish(replica, d.Domain);
        if (state is MailNodeState n) VanishNode(replica, n.Node);
    }

    private static void Vanish(SqliteConnection replica, string domain) => replica.Run("DELETE FROM domain WHERE domain = $1", domain);

    private static void VanishNode(SqliteConnection replica, string node) => replica.Run("DELETE FROM node WHERE node = $1", node);

    private static void SetProgress(SqliteConnection replica, long applied, long listed)
        => replica.Run("INSERT OR REPLACE INTO progress VALUES ($1, $2, $3)", Accounts, applied, listed);

    private static (long? Known, long Version, long Position) Known(SqliteConnection replica, object state) => state switch
    {
        MailboxState m => (replica.One<long?>("SELECT version FROM mailbox WHERE account_id = $1", m.AccountId), m.Version, m.Position),
        DomainState d => (replica.One<long?>("SELECT version FROM domain WHERE domain = $1", d.Domain), d.Version, d.Position),
        MailNodeState n => (replica.One<long?>("SELECT version FROM node WHERE node = $1", n.Node), n.Version, n.Position),
        _ => throw new ArgumentException($"{state.GetType().Name} is no state that a node keeps", nameof(state)),
    };

    /// <summary>Writes a state over whatever is there.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="state">The state.</param>
    /// <param name="now">The time.</param>
    /// <param name="obeyed">Up to where the node obeys until the account's sessions are ended, when it is not all that is applied.</param>
    internal static void Write(SqliteConnection replica, object state, DateTimeOffset now, long? obeyed = null)
    {
        if (state is MailboxState { Deleted: true } gone) Erasures.Begin(replica, gone, now, obeyed);
        else if (state is MailboxState mailbox) Write(replica, mailbox, now, obeyed);
        if (state is MailNodeState n)
        {
            replica.Run("INSERT OR REPLACE INTO node VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                n.Node, n.Host, n.ImapPort, n.Pop3Port, n.LmtpPort, n.Version, n.Position, n.Deleted ? now.ToUnixTimeMilliseconds() : null, n.QuotaPort);
        }

        if (state is DomainState d)
        {
            replica.Run("INSERT OR REPLACE INTO domain VALUES ($1, $2, $3, $4, $5)",
                d.Domain, d.Served ? 1 : 0, d.Version, d.Position, d.Deleted ? now.ToUnixTimeMilliseconds() : null);
        }
    }

    private static void Write(SqliteConnection replica, MailboxState m, DateTimeOffset now, long? obeyed)
    {
        var (oldHash, oldVersion) = replica.All("SELECT password_hash, password_version FROM mailbox WHERE account_id = $1",
            r => (r.IsDBNull(0) ? null : r.GetString(0), r.GetInt64(1)), m.AccountId).FirstOrDefault();
        // Only who had a password can have sessions; but what is repaired does not tell what there was.
        var mayHaveSessions = oldHash is not null || obeyed is not null;
        if (mayHaveSessions && oldHash != m.PasswordHash) EndSessions(replica, m.AccountId, m.Address, now, obeyed);
        replica.Run("INSERT OR REPLACE INTO mailbox VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10, $11, $12, NULL, $13)",
            m.AccountId, m.Address, UnicodeAddress(m), m.Domain, m.Life, m.PasswordHash, m.CapacityMb,
            m.Version, m.Position,
            m.HomeNode, m.MailDeletion?.JobId, m.MailDeletion?.RequestedAt.ToUnixTimeMilliseconds(),
            oldHash is not null && oldHash == m.PasswordHash ? oldVersion : m.Version);
        if (oldHash != m.PasswordHash) replica.Run("DELETE FROM verified_password WHERE account_id = $1", m.AccountId);
        // What is kept elsewhere is measured and tidied there.
        if (IsHere(replica, m))
        {
            replica.Run("INSERT OR IGNORE INTO usage VALUES ($1, 0, 0, NULL)", m.AccountId);
            replica.Run("INSERT OR IGNORE INTO tidied VALUES ($1, 0)", m.AccountId);
        }
        else
        {
            replica.Run("DELETE FROM usage WHERE account_id = $1", m.AccountId);
            replica.Run("DELETE FROM tidied WHERE account_id = $1", m.AccountId);
        }
    }

    private static bool IsHere(SqliteConnection replica, MailboxState m)
        => m.HomeNode is null || m.HomeNode == replica.One<string>("SELECT node FROM replica");

    // Folders are made of it, and taken away.
    internal static bool IsFolderName(string accountId) => accountId.All(char.IsAsciiLetterOrDigit);

    /// <summary>The sessions of an account are to be ended. A state may be newer than it says, so what counts is what is applied already.</summary>
    internal static void EndSessions(SqliteConnection replica, string accountId, string address, DateTimeOffset now, long? obeyed = null) => replica.Run(
        """
        INSERT INTO session_end VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account_id) DO UPDATE SET address = excluded.address, due = excluded.due, rounds = excluded.rounds,
            obeyed = iif(rounds = excluded.rounds, min(obeyed, excluded.obeyed), excluded.obeyed)
        """, accountId, address, now.ToUnixTimeMilliseconds(), RoundsOfEnding, obeyed ?? Progress(replica).Applied);

    // Null when it is no other than the address: most domains are ASCII.
    internal static string? UnicodeAddress(MailboxState m)
    {
        if (!m.Domain.Contains("xn--", StringComparison.Ordinal)) return null;
        try
        {
            var unicode = Idn.GetUnicode(m.Domain);
            return unicode == m.Domain ? null : $"{m.Address[..m.Address.LastIndexOf('@')]}@{unicode}";
        }
        catch (ArgumentException)
        {
            return null; // an A-label that stands for nothing; the address itself goes on working
        }
    }
}
