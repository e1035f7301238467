using System.Globalization;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>Writes states into the replica by the rules of <see cref="Newest"/>. Each call is part of a transaction.</summary>
public static class ReplicaRows
{
    /// <summary>The service whose states these are.</summary>
    public const string Accounts = "accounts";

    private static readonly TimeSpan TombstoneLife = TimeSpan.FromDays(30);
    private static readonly IdnMapping Idn = new();

    private const int RoundsOfEnding = 2; // why: SessionEnder

    /// <summary>Whether a state is one: a message that is not would stop everything behind it.</summary>
    public static bool IsWhole(object state) => state switch
    {
        MailboxState m => m is { AccountId.Length: > 1 and <= 64, Address.Length: > 2 and <= 320, Domain.Length: > 0 and <= 253, CapacityMb: > 0 },
        DomainState d => d is { Domain.Length: > 0 and <= 253 },
        MailNodeState n => n is { Node.Length: > 0 and <= 64, Host.Length: > 0 and <= 253, ImapPort: > 0, Pop3Port: > 0, LmtpPort: > 0 },
        _ => false,
    };

    /// <summary>Applies a state from the watch; whether it was newer than what was there.</summary>
    public static bool Watch(SqliteConnection replica, object state, DateTimeOffset now)
    {
        var (known, version, position) = Known(replica, state);
        if (!Newest.Watched(known, version, position, Progress(replica).Listed)) return false;
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

    /// <summary>Applies a whole list: writes what is newer, then removes what it did not name and what is not newer than it.</summary>
    /// <param name="replica">The replica.</param>
    /// <param name="states">Everything that the service knows.</param>
    /// <param name="position">The list covers all events up to this.</param>
    /// <param name="now">The time.</param>
    public static void List(SqliteConnection replica, IEnumerable<object> states, long position, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(states);
        HashSet<string> accounts = [], domains = [], nodes = [];
        foreach (var state in states)
        {
            if (state is MailboxState m) accounts.Add(m.AccountId);
            if (state is DomainState d) domains.Add(d.Domain);
            if (state is MailNodeState n) nodes.Add(n.Node);
            var (known, version, _) = Known(replica, state);
            if (Newest.Listed(known, version)) Write(replica, state, now);
        }

        foreach (var (id, address, at) in replica.All("SELECT account_id, address, position FROM mailbox", r => (r.GetString(0), r.GetString(1), r.GetInt64(2))))
        {
            if (accounts.Contains(id) || !Newest.Vanished(at, position)) continue;
            EndSessions(replica, id, address, now);
            Remove(replica, id);
        }

        foreach (var (domain, at) in replica.All("SELECT domain, position FROM domain", r => (r.GetString(0), r.GetInt64(1))))
        {
            if (!domains.Contains(domain) && Newest.Vanished(at, position)) replica.Run("DELETE FROM domain WHERE domain = $1", domain);
        }

        foreach (var (node, at) in replica.All("SELECT node, position FROM node", r => (r.GetString(0), r.GetInt64(1))))
        {
            if (!nodes.Contains(node) && Newest.Vanished(at, position)) replica.Run("DELETE FROM node WHERE node = $1", node);
        }

        var (applied, listed) = Progress(replica);
        SetProgress(replica, Math.Max(applied, position), Math.Max(listed, position));
    }

    /// <summary>Forgets tombstones after 30 days.</summary>
    public static void ForgetTombstones(SqliteConnection replica, DateTimeOffset now)
    {
        var before = (now - TombstoneLife).ToUnixTimeMilliseconds();
        foreach (var id in replica.All("SELECT account_id FROM mailbox WHERE deleted_at < $1", r => r.GetString(0), before)) Remove(replica, id);
        replica.Run("DELETE FROM domain WHERE deleted_at < $1", before);
    }

    /// <summary>How far states are applied and listed.</summary>
    public static (long Applied, long Listed) Progress(SqliteConnection replica)
        => replica.All("SELECT applied, listed FROM progress WHERE service = $1", r => (r.GetInt64(0), r.GetInt64(1)), Accounts).FirstOrDefault();

    private static void SetProgress(SqliteConnection replica, long applied, long listed)
        => replica.Run("INSERT OR REPLACE INTO progress VALUES ($1, $2, $3)", Accounts, applied, listed);

    private static (long? Known, long Version, long Position) Known(SqliteConnection replica, object state) => state switch
    {
        MailboxState m => (replica.One<long?>("SELECT version FROM mailbox WHERE account_id = $1", m.AccountId), m.Version, m.Position),
        DomainState d => (replica.One<long?>("SELECT version FROM domain WHERE domain = $1", d.Domain), d.Version, d.Position),
        MailNodeState n => (replica.One<long?>("SELECT version FROM node WHERE node = $1", n.Node), n.Version, n.Position),
        _ => throw new ArgumentException($"{state.GetType().Name} is no state that a node keeps", nameof(state)),
    };

    private static void Write(SqliteConnection replica, object state, DateTimeOffset now)
    {
        if (state is MailboxState mailbox) Write(replica, mailbox, now);
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

    private static void Write(SqliteConnection replica, MailboxState m, DateTimeOffset now)
    {
        var oldHash = replica.One<string>("SELECT password_hash FROM mailbox WHERE account_id = $1", m.AccountId);
        // Only who had a password can have sessions.
        if (oldHash is not null && (oldHash != m.PasswordHash || m.Deleted)) EndSessions(replica, m.AccountId, m.Address, now);
        replica.Run("INSERT OR REPLACE INTO mailbox VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
            m.AccountId, m.Address, UnicodeAddress(m), m.Domain, m.Life, m.Deleted ? null : m.PasswordHash, m.CapacityMb,
            m.Version, m.Position, m.Deleted ? now.ToUnixTimeMilliseconds() : null,
            m.HomeNode, m.MailDeletion?.JobId, m.MailDeletion?.RequestedAt.ToUnixTimeMilliseconds());
        // What is kept elsewhere is measured there.
        if (m.Deleted || !IsHere(replica, m)) replica.Run("DELETE FROM usage WHERE account_id = $1", m.AccountId);
        else replica.Run("INSERT OR IGNORE INTO usage VALUES ($1, 0, 0, NULL)", m.AccountId);
    }

    private static bool IsHere(SqliteConnection replica, MailboxState m)
        => m.HomeNode is null || m.HomeNode == replica.One<string>("SELECT node FROM replica");

    private static void Remove(SqliteConnection replica, string accountId)
    {
        replica.Run("DELETE FROM mailbox WHERE account_id = $1", accountId);
        replica.Run("DELETE FROM usage WHERE account_id = $1", accountId);
    }

    private static void EndSessions(SqliteConnection replica, string accountId, string address, DateTimeOffset now)
        => replica.Run("INSERT OR REPLACE INTO session_end VALUES ($1, $2, $3, $4)", accountId, address, now.ToUnixTimeMilliseconds(), RoundsOfEnding);

    // Null when it is no other than the address: most domains are ASCII.
    private static string? UnicodeAddress(MailboxState m)
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
