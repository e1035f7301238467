using System.Text.RegularExpressions;
using Hikyaku.MailNode.Contracts;

namespace Hikyaku.MailNode;

/// <summary>
/// What a line of Dovecot's log says that LMTP and an account's script did with a message. The Message-ID in it is a stranger's text: what
/// counts is the end of the line, which Dovecot writes.
/// <para>
/// The log and not Dovecot's events, which are sent to the agent too: an event is sent once, and is lost while the agent is away.
/// </para>
/// </summary>
/// <param name="Address">Whose mailbox.</param>
/// <param name="Session">By which Postfix's log knows it, too.</param>
/// <param name="MessageId">The message's; null when it has none.</param>
/// <param name="Kind">stored, forwarded, replied or dropped.</param>
/// <param name="To">The folder, or the address that something was sent to.</param>
internal sealed partial record DovecotLine(string Address, string Session, string? MessageId, string Kind, string? To)
{
    /// <summary>Reads a line without its time; null when it says nothing of that.</summary>
    public static DovecotLine? Read(string text)
    {
        if (!text.StartsWith("lmtp(", StringComparison.Ordinal) || Head().Match(text) is not { Success: true } head) return null;
        foreach (var (pattern, kind) in Actions)
        {
            if (pattern().Match(head.Groups["rest"].Value) is not { Success: true } done) continue;
            var id = ActionName().Replace(done.Groups["id"].Value, "");
            return new(head.Groups["user"].Value, head.Groups["session"].Value, id is "" or "unspecified" ? null : id, kind, done.Groups["to"].Success ? done.Groups["to"].Value : null);
        }

        return null;
    }

    private const int Patience = 200; // milliseconds

    private static readonly (Func<Regex> Pattern, string Kind)[] Actions =
    [
        (StoredByScript, DeliveryKinds.Stored), (Stored, DeliveryKinds.Stored), (Forwarded, DeliveryKinds.Forwarded), (Replied, DeliveryKinds.Replied), (Dropped, DeliveryKinds.Dropped),
    ];

    [GeneratedRegex(@"^lmtp\((?<user>[^()<>]+)\)<\d+><(?<session>[^<> ]+)>: Info: (?<rest>(?:sieve: )?msgid=.*)$", RegexOptions.None, Patience)]
    private static partial Regex Head();

    // Some lines have it between the Message-ID and what was done.
    [GeneratedRegex(@": (?:fileinto|redirect|vacation|discard|keep) action$", RegexOptions.None, Patience)]
    private static partial Regex ActionName();

    [GeneratedRegex(@"^sieve: msgid=(?<id>.*): stored mail into mailbox '(?<to>[^']*)'$", RegexOptions.None, Patience)]
    private static partial Regex StoredByScript();

    [GeneratedRegex(@"^msgid=(?<id>.*): saved mail to (?<to>.*)$", RegexOptions.None, Patience)]
    private static partial Regex Stored();

    [GeneratedRegex(@"^sieve: msgid=(?<id>.*): forwarded to <(?<to>[^<>]*)>$", RegexOptions.None, Patience)]
    private static partial Regex Forwarded();

    [GeneratedRegex(@"^sieve: msgid=(?<id>.*): sent vacation response to <(?<to>[^<>]*)>$", RegexOptions.None, Patience)]
    private static partial Regex Replied();

    [GeneratedRegex(@"^sieve: msgid=(?<id>.*): [Mm]arked message to be discarded if not explicitly delivered.*$", RegexOptions.None, Patience)]
    private static partial Regex Dropped();
}
