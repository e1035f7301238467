namespace Hikyaku.MailNode;

/// <summary>
/// The tables of the replica, and the views that Dovecot and Postfix read (mailnode/config). A replica of another
/// version is not migrated: it goes on serving until a new one has been filled from the services' lists.
/// </summary>
internal static class Schema
{
    /// <summary>Stored as SQLite's user_version.</summary>
    public const int Version = 8;

    /// <summary>Makes it in an empty database.</summary>
    public const string Text =
        """
        -- node is the name of the one that this replica is of. writes counts transactions: by it an older copy is known.
        CREATE TABLE replica (identity TEXT NOT NULL, node TEXT NOT NULL, writes INTEGER NOT NULL) STRICT;

        -- How far a service's states were applied, and up to where its last list went; in that service's order.
        CREATE TABLE progress (
            service TEXT PRIMARY KEY, applied INTEGER NOT NULL, listed INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        -- One row: everything that was changed before this time is applied (rule NOD-5); in milliseconds since 1970.
        CREATE TABLE freshness (current_as_of INTEGER NOT NULL) STRICT;
        INSERT INTO freshness VALUES (0);

        CREATE TABLE mailbox (
            account_id TEXT PRIMARY KEY, address TEXT NOT NULL, unicode_address TEXT, domain TEXT NOT NULL,
            life INTEGER NOT NULL, password_hash TEXT, capacity_mb INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER,
            home_node TEXT, mail_deletion_job TEXT, mail_deletion_at INTEGER,
            -- When its erasing goes on (Erasures); NULL: not gone, or erased.
            erase_due INTEGER,
            -- The version that brought the present password: SessionEnder says what for.
            password_version INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
        CREATE INDEX mailbox_address ON mailbox (address, life);
        CREATE INDEX mailbox_unicode_address ON mailbox (unicode_address) WHERE unicode_address IS NOT NULL;

        CREATE INDEX mailbox_erase_due ON mailbox (erase_due) WHERE erase_due IS NOT NULL;
        CREATE INDEX mailbox_mail_deletion ON mailbox (account_id) WHERE mail_deletion_job IS NOT NULL;

        CREATE TABLE domain (
            domain TEXT PRIMARY KEY, served INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER) STRICT, WITHOUT ROWID;

        -- Where the nodes are; a retired one stays.
        CREATE TABLE node (
            node TEXT PRIMARY KEY, host TEXT NOT NULL, imap_port INTEGER NOT NULL, pop3_port INTEGER NOT NULL, lmtp_port INTEGER NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER, quota_port INTEGER NOT NULL) STRICT, WITHOUT ROWID;

        -- What is still to be told to the services, oldest first.
        CREATE TABLE fact (
            id INTEGER PRIMARY KEY AUTOINCREMENT, message_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL) STRICT;

        -- Sessions that are still to be ended, of one account or of everybody (*); due in milliseconds since 1970. obeyed is the
        -- position up to which the node had obeyed everything before that was wanted.
        CREATE TABLE session_end (
            account_id TEXT PRIMARY KEY, address TEXT NOT NULL, due INTEGER NOT NULL, rounds INTEGER NOT NULL,
            obeyed INTEGER NOT NULL) STRICT, WITHOUT ROWID;

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

        -- Of the lives of one address the last one holds it, and after its deletion nobody does. While a former life is being
        -- erased nobody does either: so what the queue has for the address is of that life.
        CREATE VIEW holder AS
            SELECT * FROM mailbox AS m
            WHERE deleted_at IS NULL
              AND NOT EXISTS (SELECT 1 FROM mailbox AS later WHERE later.address = m.address AND (later.life > m.life OR later.erase_due IS NOT NULL));
        -- Where their mail is kept: here, or at a host that is NULL while its node is not known or retired.
        CREATE VIEW placed AS
            SELECT h.*, (h.home_node IS NULL OR h.home_node = (SELECT node FROM replica)) AS is_here,
                   n.host, n.imap_port, n.pop3_port, n.lmtp_port, n.quota_port
            FROM holder AS h
            LEFT JOIN node AS n ON n.node = h.home_node AND n.deleted_at IS NULL AND h.home_node <> (SELECT node FROM replica);
        -- Whether this node was retired: it hands on what it has, and takes nothing more.
        CREATE VIEW standing AS
            SELECT EXISTS (SELECT 1 FROM node WHERE node = (SELECT node FROM replica) AND deleted_at IS NOT NULL) AS retired;
        -- abs() of the least number is an error, "not now", where no row would mean "wrong password".
        CREATE VIEW dovecot_user AS
            SELECT address, unicode_address, CASE WHEN abs(-9223372036854775807 - retired) > 0 THEN password_hash END AS password_hash,
                   substr(account_id, -2) || '/' || account_id AS home, '*:bytes=' || (capacity_mb * 1048576) AS quota_rule, account_id,
                   -- Names a hash without telling it: its random salt, 16 bytes before the 32 of the hash itself. Others have no name.
                   iif(password_hash GLOB '$argon2id$*$??????????????????????$???????????????????????????????????????????',
                       substr(password_hash, -66, 22), NULL) AS password_mark,
                   address || '/' || life || '.' || password_version AS submission_login, is_here,
                   CASE WHEN NOT is_here AND abs(-9223372036854775807 - (host IS NULL)) > 0 THEN 'y' END AS proxy, host, imap_port, pop3_port,
                   CASE WHEN NOT is_here THEN 'any-cert' END AS starttls, CASE WHEN NOT is_here THEN (SELECT node FROM replica) END AS via
            FROM placed, standing;
        CREATE VIEW postfix_mailbox AS SELECT address, address || '/' || life || '.' || password_version AS submission_login FROM holder;
        -- While a home is not known its mail goes to this node's Dovecot, which says "not now", and stays in the queue.
        CREATE VIEW postfix_elsewhere AS
            SELECT address, 'peer:inet:' || CASE WHEN instr(host, ':') THEN '[' || host || ']' ELSE host END || ':' || lmtp_port AS transport
            FROM placed WHERE NOT is_here AND host IS NOT NULL;
        CREATE VIEW postfix_capacity AS
            SELECT address,
                   CASE WHEN retired THEN '450 4.3.2 This server takes no more mail'
                        WHEN is_here THEN 'capacity_here' ELSE 'capacity_elsewhere' END AS capacity
            FROM placed, standing;
        CREATE VIEW postfix_domain AS SELECT domain FROM domain WHERE served AND deleted_at IS NULL;
        """;
}
