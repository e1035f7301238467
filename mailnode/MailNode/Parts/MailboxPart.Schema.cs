namespace Hikyaku.MailNode;

public sealed partial class MailboxPart
{
    /// <inheritdoc/>
    public override string Tables =>
        """
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
        """;

    /// <inheritdoc/>
    public override string Views =>
        """
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
                        -- Nothing is stored, and a full mailbox does not keep mail from being forwarded (RST-8).
                        WHEN EXISTS (SELECT 1 FROM routing AS r WHERE r.account_id = placed.account_id AND NOT r.receives) THEN 'DUNNO'
                        WHEN is_here THEN 'capacity_here' ELSE 'capacity_elsewhere' END AS capacity
            FROM placed, standing;
        -- One row: everything that the accounts service had changed before this time is applied (rule NOD-5); lag.cf.
        CREATE VIEW freshness AS SELECT current_as_of FROM progress WHERE service = 'accounts';
        """;
}
