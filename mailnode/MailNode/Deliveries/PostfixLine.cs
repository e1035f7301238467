using System.Globalization;
using System.Text.RegularExpressions;

namespace Hikyaku.MailNode;

/// <summary>
/// What a line of Postfix's log says of a message. Addresses in it were written by strangers, and a local part in quotes may hold
/// anything: each pattern therefore reads quotes as quotes, and the whole line.
/// </summary>
internal abstract partial record PostfixLine(string? QueueId)
{
    /// <summary>smtpd has begun to take a message.</summary>
    public sealed record Began(string QueueId, string Door, string Client, string? Login) : PostfixLine(QueueId);

    /// <summary>cleanup has read its Message-ID.</summary>
    public sealed record Named(string QueueId, string MessageId) : PostfixLine(QueueId);

    /// <summary>A header field of what scripts send (master.cf, forward).</summary>
    public sealed record Field(string QueueId, string Name, string Value) : PostfixLine(QueueId);

    /// <summary>The message is in the queue.</summary>
    public sealed record Queued(string QueueId, string Sender, long Size) : PostfixLine(QueueId);

    /// <summary>A recipient's turn: sent, deferred, bounced.</summary>
    public sealed record Tried(string QueueId, string To, string? OriginalTo, string Relay, string Dsn, string Status, string Answer) : PostfixLine(QueueId);

    /// <summary>Its time is over.</summary>
    public sealed record Expired(string QueueId) : PostfixLine(QueueId);

    /// <summary>Postfix has written to somebody about it.</summary>
    public sealed record Notice(string QueueId, string NoticeId) : PostfixLine(QueueId);

    /// <summary>A client was told no, or the milter had the message dropped; without a queue id before a message was begun.</summary>
    public sealed record Refused(string? QueueId, string Door, string Stage, string Client, bool Dropped, bool ByMilter, string Answer, string Sender, string Recipient) : PostfixLine(QueueId);

    /// <summary>It has left the queue.</summary>
    public sealed record Removed(string QueueId) : PostfixLine(QueueId);

    private const string Address = """(?:"(?:[^"\\]|\\.)*"|[^"<>])*""";
    private const int Patience = 200; // milliseconds

    /// <summary>Reads a line without its time; null when it says nothing of a message.</summary>
    /// <exception cref="FormatException">It is of a kind that says something, and cannot be read.</exception>
    public static PostfixLine? Read(string text)
    {
        if (Head().Match(text) is not { Success: true } head) return null;
        var (service, id, rest) = (head.Groups["service"].Value, head.Groups["id"].Value, head.Groups["rest"].Value);
        var program = service[(service.LastIndexOf('/') + 1)..];
        return program switch
        {
            "smtpd" when rest.StartsWith("client=", StringComparison.Ordinal) => Read(ClientIs(), rest, m => new Began(id, DoorOf(service), m["client"].Value, Some(m["login"]))),
            "smtpd" or "cleanup" when IsRefusal(rest) => ReadRefusal(id == "NOQUEUE" ? null : id, service, rest),
            "cleanup" when rest.StartsWith("message-id=", StringComparison.Ordinal) => new Named(id, Short(rest["message-id=".Length..])),
            "cleanup" when rest.StartsWith("info: header ", StringComparison.Ordinal) => Read(HeaderIs(), rest, m => new Field(id, m["name"].Value, Short(m["value"].Value))),
            "qmgr" when rest == "removed" => new Removed(id),
            "qmgr" when rest.EndsWith(", status=expired, returned to sender", StringComparison.Ordinal) => new Expired(id),
            "qmgr" when rest.EndsWith(" (queue active)", StringComparison.Ordinal)
                => Read(InQueue(), rest, m => new Queued(id, m["sender"].Value, long.Parse(m["size"].ValueSpan, CultureInfo.InvariantCulture))),
            "bounce" when rest.Contains(" notification: ", StringComparison.Ordinal) => Read(NoticeIs(), rest, m => new Notice(id, m["notice"].Value)),
            "smtp" or "lmtp" or "error" or "discard" or "local" or "virtual" or "pipe" when rest.StartsWith("to=<", StringComparison.Ordinal)
                => Read(TurnOf(), rest, m => new Tried(id, m["to"].Value, Some(m["orig"]), m["relay"].Value, m["dsn"].Value, m["status"].Value, Short(m["answer"].Value))),
            _ => null,
        };
    }

    private static bool IsRefusal(string rest)
        => rest.StartsWith("reject: ", StringComparison.Ordinal) || rest.StartsWith("milter-reject: ", StringComparison.Ordinal) || rest.StartsWith("milter-discard: ", StringComparison.Ordinal);

    // One that names no recipient is of nobody: the milter did not answer, or the client was told no before.
    private static PostfixLine? ReadRefusal(string? id, string service, string rest)
        => !rest.Contains(" to=<", StringComparison.Ordinal) ? null : Read(RefusalOf(), rest, m => new Refused(
            id, DoorOf(service), m["stage"].Value, m["client"].Value, m["kind"].Value == "milter-discard", m["kind"].Value != "reject", Short(m["answer"].Value), m["sender"].Value, m["to"].Value));

    private static PostfixLine Read(Regex pattern, string text, Func<GroupCollection, PostfixLine> read)
        => pattern.Match(text) is { Success: true } match ? read(match.Groups) : throw new FormatException("A line of Postfix's log cannot be read");

    private static string DoorOf(string service) => service switch
    {
        "postfix/submission/smtpd" or "postfix/submissions/smtpd" => "submission",
        "postfix/reinject/smtpd" => "reinject",
        "postfix/forward/smtpd" => "forward",
        _ => "smtp",
    };

    private static string? Some(Group group) => group.Success ? group.Value : null;

    private static string Short(string text) => text.Length <= 1000 ? text : text[..1000];

    [GeneratedRegex(@"^\S+ (?<service>postfix(?:/[a-z]+)+)\[\d+\]: (?<id>NOQUEUE|[0-9A-Za-z]{10,20}): (?<rest>.*)$", RegexOptions.None, Patience)]
    private static partial Regex Head();

    [GeneratedRegex(@"^client=(?<client>[^ ,]+)(?:, sasl_method=[^ ,]+, sasl_username=(?<login>[^,]+))?(?:, .*)?$", RegexOptions.None, Patience)]
    private static partial Regex ClientIs();

    [GeneratedRegex(@"^info: header (?<name>[A-Za-z-]+): (?<value>.*) from \S+; from=<.*$", RegexOptions.None, Patience)]
    private static partial Regex HeaderIs();

    [GeneratedRegex($@"^from=<(?<sender>{Address})>, size=(?<size>\d{{1,18}}), nrcpt=\d+ \(queue active\)$", RegexOptions.None, Patience)]
    private static partial Regex InQueue();

    [GeneratedRegex(@"^[a-z -]+ notification: (?<notice>[0-9A-Za-z]+)$", RegexOptions.None, Patience)]
    private static partial Regex NoticeIs();

    [GeneratedRegex($@"^to=<(?<to>{Address})>, (?:orig_to=<(?<orig>{Address})>, )?relay=(?<relay>[^ ,]+), (?:conn_use=\d+, )?delay=[^ ]+, delays=[^ ]+, dsn=(?<dsn>\d\.\d+\.\d+), status=(?<status>sent|deferred|bounced) \((?<answer>.*)\)$", RegexOptions.None, Patience)]
    private static partial Regex TurnOf();

    [GeneratedRegex($@"^(?<kind>reject|milter-reject|milter-discard): (?<stage>[A-Z-]+) from (?<client>[^ ]+): (?<answer>(?:""(?:[^""\\]|\\.)*""|[^""])*?); from=<(?<sender>{Address})> to=<(?<to>{Address})> proto=E?SMTP(?: helo=<.*)?$", RegexOptions.None, Patience)]
    private static partial Regex RefusalOf();
}
