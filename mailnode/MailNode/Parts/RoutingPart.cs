using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Hikyaku.Routing.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// What is done with incoming mail: each account's Sieve script, for Dovecot (dovecot/sieve.conf), and where Postfix sends what the
/// script forwards (postfix/forwards.cf). A change is obeyed by the next message; no session depends on it.
/// </summary>
public sealed class RoutingPart : Part<RoutingState>
{
    private const int MarksKept = 10;
    private const string NoScript = "none"; // the mark of an account that has no row

    // A script's text is made by this view from two tables.
    private const string ScriptView =
        """
        -- An account's script: what the routing service made of its settings, and then what is done with spam that is stored. What was
        -- forwarded before is not changed by it (RTE-9).
        CREATE VIEW script AS
            SELECT h.address, coalesce(r.version, 0) AS version, coalesce(r.marks, '["none"]') AS marks, coalesce(s.tag + 2 * s.sort, 0) AS spam,
                   coalesce(r.script, '') <> '' OR s.account_id IS NOT NULL AS is_needed,
                   iif(s.account_id IS NULL, '', 'require ["fileinto", "vnd.dovecot.filter"];' || char(10))
                   || coalesce(r.script, '')
                   || iif(s.account_id IS NULL OR NOT coalesce(r.receives, 1), '',
                          'if header :is "X-Spam-Flag" "YES" {' || iif(s.tag, ' filter "tag-subject";', '') || iif(s.sort, ' fileinto "Junk";', '') || ' }' || char(10)) AS body
            FROM holder AS h LEFT JOIN routing AS r ON r.account_id = h.account_id LEFT JOIN spam_in_force AS s ON s.account_id = h.account_id;
        """;

    private static readonly string ViewMark = MarkOf(ScriptView);

    /// <inheritdoc/>
    public override string Service => "routing";

    /// <inheritdoc/>
    public override string Tables =>
        """
        -- marks: hashes of the script and of those that were before it, newest first, as JSON.
        CREATE TABLE routing (
            account_id TEXT PRIMARY KEY, receives INTEGER NOT NULL, replies INTEGER NOT NULL, script TEXT NOT NULL,
            version INTEGER NOT NULL, position INTEGER NOT NULL, deleted_at INTEGER, marks TEXT NOT NULL DEFAULT '["none"]') STRICT, WITHOUT ROWID;
        CREATE TABLE forward (
            account_id TEXT NOT NULL, rule INTEGER NOT NULL, destination TEXT NOT NULL,
            PRIMARY KEY (account_id, rule, destination)) STRICT, WITHOUT ROWID;
        """;

    /// <inheritdoc/>
    public override string Views =>
        $"""
        {ScriptView}
        -- Dovecot keeps what it compiled under a script's id and looks no further, so another text must have another id, also when
        -- the account's version is the same: after a repair, or an upgrade of this view or of what the routing service writes.
        CREATE VIEW dovecot_sieve AS
            SELECT address, 'active' AS name, '{ViewMark}.' || (marks ->> 0) || '.' || spam AS id FROM script WHERE is_needed;
        -- Dovecot asks for the id first and then for the text. If the script is changed in between, it gets the new one: an id that
        -- is no more would be an error, and the message would wait for a minute.
        CREATE VIEW dovecot_sieve_text AS
            SELECT address, '{ViewMark}.' || mark.value || '.' || former.column1 AS id, body
            FROM script CROSS JOIN json_each(marks) AS mark CROSS JOIN (VALUES (0), (1), (2), (3)) AS former;
        """;

    /// <inheritdoc/>
    protected override string Table => "routing";

    /// <inheritdoc/>
    protected override string KeyColumn => "account_id";

    /// <inheritdoc/>
    public override IReadOnlyList<HeldState> All(SqliteConnection replica)
    {
        var forwards = replica.All("SELECT account_id, rule, destination FROM forward", r => (Account: r.GetString(0), Forward: new Forward(r.GetInt32(1), r.GetString(2))))
            .ToLookup(f => f.Account, f => f.Forward);
        return replica.All(
            "SELECT account_id, receives, replies, script, version, position, deleted_at FROM routing",
            r => new HeldState(
                new RoutingState(
                    r.GetString(0), r.GetInt64(1) != 0, r.GetInt64(2) != 0, r.GetString(3),
                    [.. forwards[r.GetString(0)].OrderBy(f => f.Rule).ThenBy(f => f.Destination, StringComparer.Ordinal)],
                    r.GetInt64(4), r.GetInt64(5), !r.IsDBNull(6)),
                IsAsWritten: true));
    }

    /// <inheritdoc/>
    public override void Vanish(SqliteConnection replica, string key, DateTimeOffset now, long? obeyed)
    {
        replica.Run("DELETE FROM forward WHERE account_id = $1", key);
        base.Vanish(replica, key, now, obeyed);
    }

    /// <inheritdoc/>
    protected override bool IsWhole(RoutingState state)
        => state is { AccountId.Length: > 0 and <= 64, Script: not null, Forwards: not null } && state.Forwards.All(f => f is { Destination.Length: > 0 });

    /// <inheritdoc/>
    protected override StateIdentity IdentityOf(RoutingState state) => new(state.AccountId, state.Version, state.Position, state.Deleted);

    /// <inheritdoc/>
    protected override void Write(SqliteConnection replica, RoutingState state, DateTimeOffset now, long? obeyed)
    {
        var former = replica.One<string>("SELECT marks FROM routing WHERE account_id = $1", state.AccountId) is { } kept ? JsonSerializer.Deserialize<string[]>(kept)! : [NoScript];
        // Whether the account receives is a part of the text, too (ScriptView).
        string[] marks = [.. former.Prepend(MarkOf($"{state.Receives} {state.Script}")).Distinct().Take(MarksKept)];
        replica.Run(
            "INSERT OR REPLACE INTO routing (account_id, receives, replies, script, version, position, deleted_at, marks) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            state.AccountId, state.Receives ? 1 : 0, state.Replies ? 1 : 0, state.Script, state.Version, state.Position, state.Deleted ? now.ToUnixTimeMilliseconds() : null,
            JsonSerializer.Serialize(marks));
        replica.Run("DELETE FROM forward WHERE account_id = $1", state.AccountId);
        replica.Run(
            "INSERT OR IGNORE INTO forward SELECT $1, value ->> 'Rule', value ->> 'Destination' FROM json_each($2)",
            state.AccountId, JsonSerializer.Serialize(state.Forwards));
    }

    private static string MarkOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
