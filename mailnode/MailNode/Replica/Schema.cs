using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// The form of the replica: the tables and views of its parts, and what the agent keeps beside them. A replica of another form
/// is not migrated: it goes on serving until a new one has been filled from the services' lists.
/// </summary>
public sealed class Schema
{
    // The agent's own tables, which belong to no part.
    private const string OfTheAgent =
        """
        -- node is the name of the one that this replica is of. writes counts transactions: by it an older copy is known.
        CREATE TABLE replica (identity TEXT NOT NULL, node TEXT NOT NULL, writes INTEGER NOT NULL) STRICT;

        -- How far a service's states were applied, and up to where its last list went, in that service's order; and before which
        -- time everything that it has changed is applied, in milliseconds since 1970.
        CREATE TABLE progress (
            service TEXT PRIMARY KEY, applied INTEGER NOT NULL, listed INTEGER NOT NULL, current_as_of INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        -- What is still to be told to the services, oldest first.
        CREATE TABLE fact (
            id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL) STRICT;

        -- Sessions that are still to be ended, of one account or of everybody (*), because of what a service has changed; due in
        -- milliseconds since 1970. networks: only sessions from these, with blanks between them; empty: from everywhere. obeyed is the position up to which the node had obeyed that service before that was wanted.
        CREATE TABLE session_end (
            service TEXT, account_id TEXT, address TEXT NOT NULL, due INTEGER NOT NULL, rounds INTEGER NOT NULL,
            obeyed INTEGER NOT NULL, networks TEXT NOT NULL DEFAULT '', PRIMARY KEY (service, account_id)) STRICT, WITHOUT ROWID;
        CREATE INDEX session_end_account ON session_end (account_id);

        -- What mailboxes take; measured_at 0 means never, reported_bytes is what the services were told.
        CREATE TABLE usage (
            account_id TEXT PRIMARY KEY, used_bytes INTEGER NOT NULL, measured_at INTEGER NOT NULL, reported_bytes INTEGER) STRICT, WITHOUT ROWID;
        CREATE INDEX usage_measured_at ON usage (measured_at);
        CREATE INDEX usage_unreported ON usage (account_id) WHERE measured_at > 0 AND reported_bytes IS NOT used_bytes;

        -- The newest deletion of each mailbox's mail (rule ACC-6), done ones too. Mail that was saved
        -- before saved_before goes, in seconds since 1970 by this machine's clock, which dates mail.
        CREATE TABLE mail_deletion (
            account_id TEXT PRIMARY KEY, job_id TEXT NOT NULL, saved_before INTEGER NOT NULL, finished INTEGER NOT NULL,
            total INTEGER NOT NULL, done INTEGER NOT NULL, freed_bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        -- What is to be deleted: UIDs below uid_next. Those up to counted_to are in done and freed_bytes, those up to expunged_to are gone.
        CREATE TABLE mail_deletion_folder (
            account_id TEXT, guid TEXT, uid_validity INTEGER NOT NULL, uid_next INTEGER NOT NULL,
            counted_to INTEGER NOT NULL, expunged_to INTEGER NOT NULL, PRIMARY KEY (account_id, guid)) STRICT, WITHOUT ROWID;

        -- When old mail was last looked for in each mailbox (rule ACC-14); 0 means never.
        CREATE TABLE tidied (account_id TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        CREATE INDEX tidied_at ON tidied (at);

        -- Who logs in by what, and who does it without TLS (rule NOD-1); day like 2026-11-24, UTC.
        CREATE TABLE login_count (
            day TEXT, account_id TEXT, protocol TEXT, tls INTEGER, succeeded INTEGER NOT NULL, failed INTEGER NOT NULL,
            PRIMARY KEY (day, account_id, protocol, tls)) STRICT, WITHOUT ROWID;

        -- Passwords that were typed right, as VerifiedPasswords has it; one counts only beside the very hash that it was checked against.
        CREATE TABLE verified_password (
            account_id TEXT PRIMARY KEY, password_mark TEXT NOT NULL, proof TEXT NOT NULL) STRICT, WITHOUT ROWID;

        """;

    /// <summary>Puts it together.</summary>
    public Schema(Parts parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var services = parts.Services.Select(s => $"INSERT INTO progress VALUES ('{s}', 0, 0, 0);");
        Text = string.Join('\n', [OfTheAgent, DeliveryNotes.Tables, RecipientCounts.Tables, Spellings.Tables, .. parts.All.Select(p => p.Tables), .. parts.All.Select(p => p.Views), .. services]);
        // The version is a hash of the schema, so that two schemas never share one. PRAGMA user_version is a signed 32-bit number.
        Version = BinaryPrimitives.ReadInt32BigEndian(SHA256.HashData(Encoding.UTF8.GetBytes(Text))) & int.MaxValue;
    }

    /// <summary>Stored as SQLite's user_version.</summary>
    public int Version { get; }

    /// <summary>Makes it in an empty database.</summary>
    public string Text { get; }
}
