using System.Text.Json;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// What the agent remembers of messages while the logs tell of them line by line, and what is to be told of each line. Kept in the
/// replica with the place up to which the logs were read and with the facts, all in one transaction: nothing is told twice or forgotten
/// when the agent ends.
/// <para>
/// A fact is of one account. What happened to a message before it is known whose it is, is told when it is known. A message that is
/// nobody's here is not told at all.
/// </para>
/// </summary>
internal sealed class DeliveryNotes(SqliteConnection replica)
{
    /// <summary>The tables, for <see cref="Schema"/>.</summary>
    public const string Tables =
        """
        -- How far the servers' logs were read (LogPosition).
        CREATE TABLE log_position (log TEXT PRIMARY KEY, inode INTEGER NOT NULL, read_to INTEGER NOT NULL, head TEXT NOT NULL) STRICT, WITHOUT ROWID;

        -- Messages of which Postfix's log tells (DeliveryNotes); noted_at is when it last did, in milliseconds since 1970. cause: the
        -- message that it follows from. replies_to and replies_from: of a message that a script has written.
        CREATE TABLE traced_message (
            queue_id TEXT PRIMARY KEY, noted_at INTEGER NOT NULL, door TEXT, client TEXT, login TEXT, message_id TEXT, sender TEXT, size INTEGER,
            cause TEXT, replies_to TEXT, replies_from TEXT, verdict TEXT, judged_at INTEGER, left_queue INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
        CREATE INDEX traced_message_noted_at ON traced_message (noted_at);

        -- Whose mail was deleted as infected: Postfix names the first recipient alone.
        CREATE TABLE traced_infected (queue_id TEXT, account_id TEXT, recipient TEXT NOT NULL, PRIMARY KEY (queue_id, account_id)) STRICT, WITHOUT ROWID;

        -- Which accounts were told of it, and of each recipient the last answer. fact: the last deferral, which becomes the expiry.
        CREATE TABLE traced_recipient (
            queue_id TEXT, account_id TEXT, way TEXT, recipient TEXT, direction TEXT NOT NULL, state TEXT NOT NULL, fact TEXT,
            PRIMARY KEY (queue_id, account_id, way, recipient, direction)) STRICT, WITHOUT ROWID;

        """;

    /// <summary>What goes along into a new replica.</summary>
    public static readonly IReadOnlyList<string> Kept = ["log_position", "traced_message", "traced_infected", "traced_recipient"];

    private const string ForwardDomain = "@forward.invalid";
    private const string Received = "received";
    private const string Submitted = "sent";
    private static readonly TimeSpan LateVerdict = TimeSpan.FromHours(1);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7); // Postfix gives up after five

    private readonly List<DeliveryObserved> _facts = [];
    private string _line = "";
    private int _told;
    private DateTimeOffset _at;

    private sealed record Message(
        string QueueId, string? Door, string? Client, string? Login, string? MessageId, string? Sender, long? Size, string? Cause, string? RepliesTo, string? RepliesFrom,
        DeliveryVerdict? Verdict, DateTimeOffset? JudgedAt);

    /// <summary>What is to be told of the lines that were read since.</summary>
    public IReadOnlyList<DeliveryObserved> Facts => _facts;

    /// <summary>How far a log was read; null: not at all.</summary>
    public static LogPosition? PositionOf(SqliteConnection replica, string log)
        => replica.All("SELECT inode, read_to, head FROM log_position WHERE log = $1", r => new LogPosition(r.GetInt64(0), r.GetInt64(1), r.GetString(2)), log).SingleOrDefault();

    /// <summary>Remembers how far a log was read.</summary>
    public static void Keep(SqliteConnection replica, string log, LogPosition position)
        => replica.Run("INSERT OR REPLACE INTO log_position VALUES ($1, $2, $3, $4)", log, position.Inode, position.Offset, position.Head);

    /// <summary>Forgets messages of which nothing more is to come.</summary>
    public static void Forget(SqliteConnection replica, DateTimeOffset now)
    {
        replica.Run(
            "DELETE FROM traced_message WHERE noted_at < $1 OR (noted_at < $2 AND left_queue)",
            (now - Longest).ToUnixTimeMilliseconds(), (now - LateVerdict).ToUnixTimeMilliseconds());
        foreach (var table in new[] { "traced_recipient", "traced_infected" }) replica.Run($"DELETE FROM {table} WHERE queue_id NOT IN (SELECT queue_id FROM traced_message)");
    }

    /// <summary>Begins a line: its facts are named after it.</summary>
    public void Begin(string line, DateTimeOffset at) => (_line, _told, _at) = (line, 0, at);

    /// <summary>Notes what Postfix has logged.</summary>
    public void Note(PostfixLine line)
    {
        var id = line.QueueId ?? "";
        if (id.Length > 0) replica.Run("INSERT INTO traced_message (queue_id, noted_at) VALUES ($1, $2) ON CONFLICT DO UPDATE SET noted_at = max(noted_at, excluded.noted_at)", id, _at.ToUnixTimeMilliseconds());
        switch (line)
        {
            case PostfixLine.Began began:
                replica.Run("UPDATE traced_message SET door = $2, client = $3, login = $4 WHERE queue_id = $1", began.QueueId, began.Door, began.Client, LoginOf(began.Login));
                break;
            case PostfixLine.Named named:
                replica.Run("UPDATE traced_message SET message_id = $2 WHERE queue_id = $1", named.QueueId, Unbracketed(named.MessageId));
                break;
            case PostfixLine.Field { Name: "In-Reply-To" } field:
                replica.Run("UPDATE traced_message SET replies_to = $2 WHERE queue_id = $1 AND door = 'forward'", field.QueueId, Unbracketed(field.Value));
                break;
            case PostfixLine.Field { Name: "From" } field:
                replica.Run("UPDATE traced_message SET replies_from = $2 WHERE queue_id = $1 AND door = 'forward'", field.QueueId, Unbracketed(field.Value));
                break;
            case PostfixLine.Queued queued:
                replica.Run("UPDATE traced_message SET sender = $2, size = $3 WHERE queue_id = $1", queued.QueueId, queued.Sender, queued.Size);
                if (AccountOf(Read(id)!.Login) is { } own) TellTaken(Read(id)!, own, Submitted, null);
                break;
            case PostfixLine.Tried tried:
                Note(tried, Read(id)!);
                break;
            case PostfixLine.Expired:
                NoteExpired(id);
                break;
            case PostfixLine.Notice notice:
                replica.Run("INSERT INTO traced_message (queue_id, noted_at, door, cause) VALUES ($1, $2, 'notice', $3) ON CONFLICT DO UPDATE SET door = 'notice', cause = excluded.cause",
                    notice.NoticeId, _at.ToUnixTimeMilliseconds(), notice.QueueId);
                break;
            case PostfixLine.Refused refused:
                Note(refused);
                break;
            case PostfixLine.Removed removed:
                replica.Run("UPDATE traced_message SET left_queue = 1 WHERE queue_id = $1", removed.QueueId);
                break;
        }
    }

    /// <summary>Notes what Dovecot has logged.</summary>
    public void Note(DovecotLine line)
    {
        if (AccountOf(line.Address) is not { } account) return;
        var fact = new DeliveryObserved("", _at, account, Received, line.Kind, MessageId: line.MessageId is { } messageId ? Unbracketed(messageId) : null, Session: line.Session);
        switch (line.Kind)
        {
            case DeliveryKinds.Forwarded:
                // A redirect that is none of the platform's would be an error in a script; its address says where it goes.
                Tell(ForwardOf(line.To) is var (cause, rules, _) ? fact with { Delivery = cause, Rules = rules, Way = "forward" } : fact with { Recipient = line.To, Way = "forward" });
                break;
            case DeliveryKinds.Replied:
                Tell(fact with { Recipient = line.To, Way = "reply" });
                break;
            // A script whose account receives mail throws away one thing only: what the account has forwarded and has come back (RTE-3).
            case DeliveryKinds.Dropped when Receives(account):
                Tell(fact with { Answer = DeliveryAnswers.Looped });
                break;
            default:
                Tell(fact with { Folder = line.To });
                break;
        }
    }

    /// <summary>Notes a verdict: told at once to accounts that know of the message, to others with it.</summary>
    public void Note(RspamdLine line)
    {
        replica.Run("""
            INSERT INTO traced_message (queue_id, noted_at, verdict, judged_at) VALUES ($1, $2, $3, $2)
            ON CONFLICT DO UPDATE SET verdict = excluded.verdict, judged_at = excluded.judged_at
            """, line.QueueId, _at.ToUnixTimeMilliseconds(), JsonSerializer.Serialize(line.Verdict));
        var message = Read(line.QueueId)!;
        foreach (var (account, direction) in replica.All(
            "SELECT account_id, direction FROM traced_recipient WHERE queue_id = $1 AND state = 'told'", r => (r.GetString(0), r.GetString(1)), line.QueueId))
            TellVerdict(message, account, direction);
    }

    /// <summary>Notes whom an infected message was for. Rspamd writes that before Postfix says that the message is gone, which tells it.</summary>
    public void NoteInfected(string queueId, string recipient)
    {
        if (AccountOf(recipient) is { } account) replica.Run("INSERT OR IGNORE INTO traced_infected VALUES ($1, $2, $3)", queueId, account, recipient);
    }

    private void Note(PostfixLine.Tried tried, Message message)
    {
        // Only what came by the door of scripts is a copy: such an address may be written by anybody.
        var copy = message.Door == "forward" ? ForwardOf(tried.OriginalTo ?? tried.To) : null;
        var answers = message is { Door: "forward", Sender: "", RepliesTo: not null } && copy is null;
        message = message with { Cause = message.Cause ?? copy?.Cause ?? (answers ? message.RepliesTo : null) };
        var fact = new DeliveryObserved(
            "", _at, "", Received, tried.Status, tried.QueueId, "delivery", tried.QueueId, message.Cause, message.MessageId, message.Sender, tried.To,
            Session: SessionIn(tried), Dsn: tried.Dsn, Relay: tried.Relay, Answer: tried.Answer);
        if (AccountOf(tried.OriginalTo) is { } first && AccountOf(tried.To) is null) TellTurn(message, fact with { AccountId = first }); // an address of the host's that stands for another
        if (AccountOf(tried.To) is { } own) TellTurn(message, fact with { AccountId = own });
        if (copy is var (cause, rules, account))
        {
            if (IsAccount(account)) TellTurn(message, OfCopy(fact) with { AccountId = account, Delivery = cause, Way = "forward", Rules = rules, Cause = cause, Session = null });
        }
        else if (answers && AccountOf(message.RepliesFrom) is { } replying)
        {
            TellTurn(message, fact with { AccountId = replying, Delivery = null, Way = "reply", Cause = message.RepliesTo, Session = null });
        }

        if (AccountOf(message.Login) is { } sender) TellTurn(message, fact with { AccountId = sender, Direction = Submitted, Session = null });
    }

    // Of a message that no destination was left for, or that waits as its account is not known yet, the address says nothing to people.
    private static DeliveryObserved OfCopy(DeliveryObserved fact)
        => fact.Recipient!.EndsWith(ForwardDomain, StringComparison.Ordinal) ? fact with { Recipient = null, Kind = fact.Kind == DeliveryKinds.Sent ? DeliveryKinds.Dropped : fact.Kind } : fact;

    // A recipient that is deferred again and again for one reason is told once.
    private void TellTurn(Message message, DeliveryObserved turn)
    {
        if (turn.Way == "delivery") TellTaken(message, turn.AccountId, turn.Direction, turn.Direction == Received ? turn.Recipient : null);
        object?[] key = [message.QueueId, turn.AccountId, turn.Way, turn.Recipient ?? "", turn.Direction];
        var state = $"{turn.Kind} {turn.Dsn}";
        var before = replica.One<string>("SELECT state FROM traced_recipient WHERE queue_id = $1 AND account_id = $2 AND way = $3 AND recipient = $4 AND direction = $5", key);
        if (before == state && turn.Kind == DeliveryKinds.Deferred) return;
        replica.Run("INSERT OR REPLACE INTO traced_recipient (queue_id, account_id, way, recipient, direction, state, fact) VALUES ($1, $2, $3, $4, $5, $6, $7)",
            [.. key, state, turn.Kind == DeliveryKinds.Deferred ? JsonSerializer.Serialize(turn) : null]);
        Tell(turn);
    }

    private void NoteExpired(string queueId)
    {
        foreach (var waiting in replica.All("SELECT fact FROM traced_recipient WHERE queue_id = $1 AND fact IS NOT NULL", r => r.GetString(0), queueId))
            Tell(JsonSerializer.Deserialize<DeliveryObserved>(waiting)! with { Kind = DeliveryKinds.Expired, At = _at });
        replica.Run("UPDATE traced_recipient SET state = 'expired', fact = NULL WHERE queue_id = $1 AND fact IS NOT NULL", queueId);
    }

    private void Note(PostfixLine.Refused refused)
    {
        var message = refused.QueueId is { } id ? Read(id)! : null;
        var fact = new DeliveryObserved(
            "", _at, "", Received, refused.Dropped ? DeliveryKinds.Dropped : DeliveryKinds.Refused, refused.ByMilter ? refused.QueueId : null, "delivery", refused.QueueId,
            message?.Cause, message?.MessageId, refused.Sender, refused.Recipient, Door: refused.Door, Client: refused.Client, Login: message?.Login, Dsn: DsnIn(refused.Answer), Answer: refused.Answer);
        var sender = AccountOf(message?.Login) ?? (refused.Door == "submission" ? AccountOf(LoginIn(refused.Answer)) ?? AccountOf(refused.Sender) : null);
        if (sender is not null) TellRefusal(message, fact with { AccountId = sender, Direction = Submitted });
        var own = AccountOf(refused.Recipient);
        if (own is not null) TellRefusal(message, fact with { AccountId = own });
        if (refused is not { Dropped: true, ByMilter: true, QueueId: { } deleted }) return;
        foreach (var (account, recipient) in replica.All("SELECT account_id, recipient FROM traced_infected WHERE queue_id = $1", r => (r.GetString(0), r.GetString(1)), deleted))
            if (account != own) TellRefusal(message, fact with { AccountId = account, Recipient = recipient });
    }

    // What was refused at its end had been taken before; a recipient who was refused had not.
    private void TellRefusal(Message? message, DeliveryObserved refusal)
    {
        if (refusal.Delivery is not null && message is not null) TellTaken(message with { Sender = message.Sender ?? refusal.Sender }, refusal.AccountId, refusal.Direction, refusal.Direction == Received ? refusal.Recipient : null);
        Tell(refusal);
    }

    private void TellTaken(Message message, string account, string direction, string? recipient)
    {
        if (replica.Run("INSERT OR IGNORE INTO traced_recipient VALUES ($1, $2, 'delivery', '', $3, 'told', NULL)", message.QueueId, account, direction) == 0) return;
        Tell(new(
            "", QueueId.Begun(message.QueueId) ?? _at, account, direction, DeliveryKinds.Taken, message.QueueId, "delivery", message.QueueId, message.Cause, message.MessageId, message.Sender,
            recipient, message.Size, message.Door ?? "smtp", message.Client, message.Login));
        if (message.Verdict is not null) TellVerdict(message, account, direction);
    }

    private void TellVerdict(Message message, string account, string direction) => Tell(new(
        "", message.JudgedAt ?? _at, account, direction, DeliveryKinds.Judged, message.QueueId, QueueId: message.QueueId, MessageId: message.MessageId, Verdict: message.Verdict));

    private void Tell(DeliveryObserved fact)
    {
        var id = $"{_line}.{_told++}";
        _facts.Add(fact with { Id = id, Delivery = fact.Delivery ?? (fact.Kind == DeliveryKinds.Refused ? id : null) });
    }

    private Message? Read(string queueId) => replica.All(
        "SELECT queue_id, door, client, login, message_id, sender, size, cause, replies_to, replies_from, verdict, judged_at FROM traced_message WHERE queue_id = $1",
        r => new Message(
            r.GetString(0), Text(r, 1), Text(r, 2), Text(r, 3), Text(r, 4), Text(r, 5), r.IsDBNull(6) ? null : r.GetInt64(6), Text(r, 7), Text(r, 8), Text(r, 9),
            Text(r, 10) is { } verdict ? JsonSerializer.Deserialize<DeliveryVerdict>(verdict) : null, r.IsDBNull(11) ? null : DateTimeOffset.FromUnixTimeMilliseconds(r.GetInt64(11))),
        queueId).SingleOrDefault();

    private string? AccountOf(string? address)
        => string.IsNullOrEmpty(address) ? null : replica.One<string>("SELECT account_id FROM holder WHERE address = $1", PlusAddress.Without(address).ToLowerInvariant());

    private bool Receives(string account) => replica.One<long>("SELECT count(*) FROM routing WHERE account_id = $1 AND NOT receives", account) == 0;

    private bool IsAccount(string id) => replica.One<long>("SELECT count(*) FROM mailbox WHERE account_id = $1 AND deleted_at IS NULL", id) > 0;

    // QUEUE-ID.-RULE-RULE.ACCOUNT-ID@forward.invalid (docs/decisions/0039).
    private static (string Cause, string Rules, string Account)? ForwardOf(string? address)
        => address is not null && address.EndsWith(ForwardDomain, StringComparison.Ordinal) && address[..^ForwardDomain.Length].Split('.') is [var cause, ['-', .. var rules], var account]
            ? (cause, rules, account) : null;

    // 250 2.0.0 <taro@example.jp> SESSION Saved
    private static string? SessionIn(PostfixLine.Tried tried)
        => tried.Status == DeliveryKinds.Sent && tried.Answer.EndsWith(" Saved", StringComparison.Ordinal) && tried.Answer.Split(' ') is [.., var session, _] ? session : null;

    private static string? DsnIn(string answer) => answer.Split(' ') is [{ Length: 3 }, { Length: >= 5 } dsn, ..] && char.IsAsciiDigit(dsn[0]) && dsn[1] == '.' ? dsn
        : answer.Split(' ')[0] is { Length: >= 5 } alone && alone[1] == '.' ? alone : null;

    // … Sender address rejected: not owned by user taro@example.jp/1.1
    private static string? LoginIn(string answer)
    {
        const string before = "not owned by user ";
        return answer.LastIndexOf(before, StringComparison.Ordinal) is >= 0 and var at ? LoginOf(answer[(at + before.Length)..]) : null;
    }

    // Postfix is told a name that changes with the password (MailboxPart): taro@example.jp/1.1.
    private static string? LoginOf(string? login) => login?.LastIndexOf('/') is > 0 and var slash ? login[..slash] : login;

    private static string Unbracketed(string text)
        => text.LastIndexOf('<') is >= 0 and var from && text.IndexOf('>', from) is > 0 and var to ? text[(from + 1)..to] : text.Trim();

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
