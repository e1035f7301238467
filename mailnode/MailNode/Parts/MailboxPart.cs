using System.Globalization;
using Hikyaku.Accounts.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// The mailboxes: who logs in by which password, where the mail is kept and how much of it. Dovecot reads these when a session
/// begins and not again, so a change of one ends the sessions; a mail program then connects again. A deletion ends them as well, and
/// begins the erasing (<see cref="Erasures"/>).
/// </summary>
public sealed partial class MailboxPart : Part<MailboxState>
{
    /// <summary>The service that owns it.</summary>
    public const string Owner = "accounts";

    private const string ReadAtLogin = "password_hash, capacity_mb, home_node";
    private static readonly IdnMapping Idn = new();

    /// <inheritdoc/>
    public override string Service => Owner;

    /// <inheritdoc/>
    protected override string Table => "mailbox";

    /// <inheritdoc/>
    protected override string KeyColumn => "account_id";

    /// <inheritdoc/>
    protected override string IsListed => "deleted_at IS NULL";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica) => replica.All(
        """
        SELECT account_id, address, domain, life, password_hash, capacity_mb, version, position, deleted_at, home_node, mail_deletion_job, mail_deletion_at, unicode_address
        FROM mailbox
        """, Read);

    /// <inheritdoc/>
    public override void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed) => Erasures.Begin(replica, key, now, obeyed);

    /// <summary>Not one whose erasing is not done.</summary>
    public override void ForgetTombstones(SqliteConnection replica, DateTimeOffset before)
        => replica.Run("DELETE FROM mailbox WHERE deleted_at < $1 AND erase_due IS NULL", before.ToUnixTimeMilliseconds());

    /// <summary>Of accounts that are gone, or of which something has changed that a session reads when it begins.</summary>
    public override void EndFormerSessions(SqliteConnection made, SqliteConnection former)
    {
        foreach (var (account, address, read) in former.All(
            $"SELECT account_id, address, {ReadAtLogin} FROM mailbox WHERE password_hash IS NOT NULL AND deleted_at IS NULL",
            r => (r.GetString(0), r.GetString(1), ReadByASession(r, 2))))
        {
            if (made.All($"SELECT {ReadAtLogin} FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL", r => ReadByASession(r, 0), account) is not [var now] || now != read)
                SessionEnds.Add(made, Service, account, address, DateTimeOffset.UnixEpoch, obeyed: 0);
        }
    }

    // The account id is the name of the mailbox's folder, which is created and removed.
    internal static bool IsFolderName(string accountId) => accountId.All(char.IsAsciiLetterOrDigit);

    /// <inheritdoc/>
    protected override bool IsWhole(MailboxState state)
        => state is { AccountId.Length: > 1 and <= 64, Address.Length: <= 320, Domain.Length: <= 253 } && IsFolderName(state.AccountId)
            // The tombstone of an account may have no address any more.
            && (state.Deleted || state is { Address.Length: > 2, Domain.Length: > 0, CapacityMb: > 0 });

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(MailboxState state) => new(state.AccountId, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, MailboxState state, DateTimeOffset now, long? obeyed)
    {
        if (state.Deleted)
        {
            Erasures.Begin(replica, state, now, obeyed);
            return;
        }

        var (old, oldVersion) = replica.All($"SELECT {ReadAtLogin}, password_version FROM mailbox WHERE account_id = $1",
            r => (ReadByASession(r, 0), r.GetInt64(3)), state.AccountId).FirstOrDefault();
        var oldHash = old?.PasswordHash;
        // An account without a password has no sessions. A repair (obeyed is set) does not know what the account had.
        var mayHaveSessions = oldHash is not null || obeyed is not null;
        if (mayHaveSessions && old != new SessionSettings(state.PasswordHash, state.CapacityMb, state.HomeNode)) SessionEnds.Add(replica, Service, state.AccountId, state.Address, now, obeyed);
        replica.Run("INSERT OR REPLACE INTO mailbox VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, NULL, $10, $11, $12, NULL, $13)",
            state.AccountId, state.Address, UnicodeAddress(state), state.Domain, state.Life, state.PasswordHash, state.CapacityMb,
            state.Version, state.Position,
            state.HomeNode, state.MailDeletion?.JobId, state.MailDeletion?.RequestedAt.ToUnixTimeMilliseconds(),
            oldHash is not null && oldHash == state.PasswordHash ? oldVersion : state.Version);
        if (oldHash != state.PasswordHash) replica.Run("DELETE FROM verified_password WHERE account_id = $1", state.AccountId);
        Place(replica, state);
    }

    // A mailbox that another node keeps is measured and tidied there.
    private static void Place(SqliteConnection replica, MailboxState state)
    {
        var isHere = state.HomeNode is null || state.HomeNode == replica.One<string>("SELECT node FROM replica");
        replica.Run(isHere ? "INSERT OR IGNORE INTO usage VALUES ($1, 0, 0, NULL)" : "DELETE FROM usage WHERE account_id = $1", state.AccountId);
        replica.Run(isHere ? "INSERT OR IGNORE INTO tidied VALUES ($1, 0)" : "DELETE FROM tidied WHERE account_id = $1", state.AccountId);
    }

    private static HeldState Read(SqliteDataReader row)
    {
        var deletion = Text(row, 10) is { } job ? new MailDeletion(job, DateTimeOffset.FromUnixTimeMilliseconds(row.IsDBNull(11) ? 0 : row.GetInt64(11))) : null;
        var state = new MailboxState(
            row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3), Text(row, 4), row.GetInt32(5), row.GetInt64(6), row.GetInt64(7),
            !row.IsDBNull(8), Text(row, 9), deletion);
        return new(state, IsAsWritten: Text(row, 12) == UnicodeAddress(state) && (deletion is not null || row.IsDBNull(11)));
    }

    private static SessionSettings ReadByASession(SqliteDataReader row, int from) => new(Text(row, from), row.GetInt32(from + 1), Text(row, from + 2));

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    // Null if it equals the address, as for ASCII domains.
    private static string? UnicodeAddress(MailboxState state)
    {
        if (!state.Domain.Contains("xn--", StringComparison.Ordinal)) return null;
        try
        {
            var unicode = Idn.GetUnicode(state.Domain);
            return unicode == state.Domain ? null : $"{state.Address[..state.Address.LastIndexOf('@')]}@{unicode}";
        }
        catch (ArgumentException)
        {
            return null; // an A-label that stands for nothing; the address itself goes on working
        }
    }

    // What Dovecot keeps of an account as long as a session lasts.
    private sealed record SessionSettings(string? PasswordHash, int CapacityMb, string? HomeNode);
}
