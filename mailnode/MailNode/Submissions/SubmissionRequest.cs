using System.Globalization;

namespace Hikyaku.MailNode;

/// <summary>Whose submission it is, as Postfix has it from Dovecot: <c>address/life.version</c> (MailboxPart.Schema.cs, submission_login).</summary>
/// <param name="Address">The account's address.</param>
/// <param name="Life">Which of the accounts that had it one after the other.</param>
internal readonly record struct Submitter(string Address, int Life)
{
    /// <summary>Null when it is no such login.</summary>
    public static Submitter? Read(string? login)
    {
        if (login is not { Length: <= 400 } || login.LastIndexOf('/') is not (> 0 and var slash)) return null;
        var life = login.AsSpan(slash + 1);
        return life.IndexOf('.') is > 0 and var dot && int.TryParse(life[..dot], NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? new(login[..slash], number) : null;
    }
}

/// <summary>What Postfix asks about a submission (SMTPD_POLICY_README), as far as it matters here.</summary>
/// <param name="Instance">Ties the requests of one message together.</param>
/// <param name="By">Who had logged in.</param>
/// <param name="IsComplete">Whether the message has come to its end; else this is about one recipient.</param>
/// <param name="Recipient">In lower case; null at the end of a message to several, and when it is no address that can be told.</param>
/// <param name="Recipients">How many the message has; known at its end.</param>
/// <param name="Source">The client's address; null when it is not known.</param>
/// <param name="Size">In bytes; known at the end.</param>
/// <param name="QueueId">The message's name in the queue; known at the end.</param>
internal sealed record SubmissionRequest(string Instance, Submitter By, bool IsComplete, string? Recipient, int Recipients, string? Source, long Size, string? QueueId)
{
    private const int MostAtOnce = 1_000_000; // Postfix takes 1,000 (smtpd_recipient_limit)

    /// <summary>Null when the request is about something else, or makes no sense.</summary>
    /// <param name="lines">Each <c>name=value</c>.</param>
    public static SubmissionRequest? Read(IEnumerable<string> lines)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals) values.TryAdd(line[..equals], line[(equals + 1)..]);
        }

        var state = Text("protocol_state", 100);
        if (Text("request", 100) != "smtpd_access_policy" || state is not ("RCPT" or "END-OF-MESSAGE")) return null;
        if (Text("instance", 100) is not { } instance || Submitter.Read(Text("sasl_username", 400)) is not { } by) return null;
        return new(instance, by, state != "RCPT", Text("recipient", 320)?.ToLowerInvariant(), (int)Math.Min(Number("recipient_count"), MostAtOnce),
            Logins.Address(Text("client_address", 100)), Number("size"), Text("queue_id", 100));

        string? Text(string name, int longest) => values.TryGetValue(name, out var value) && value.Length > 0 && value.Length <= longest && !value.Any(char.IsControl) ? value : null;
        long Number(string name) => long.TryParse(values.GetValueOrDefault(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }
}
