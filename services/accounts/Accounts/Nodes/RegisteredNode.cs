using Hikyaku.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Nodes;

// The events below are the storage format of mail nodes: what is written stays for ever. Add fields only as optional ones,
// never rename or retype one; a new shape is a new version in Storage/EventNames.cs and an upcaster.

/// <summary>A mail node reported for the first time where the others reach it.</summary>
public sealed record MailNodeRegistered(string Node, string Host, int ImapPort, int Pop3Port, int LmtpPort, int QuotaPort, DateTimeOffset At);

/// <summary>The node is reached elsewhere; all of its address, changed or not.</summary>
public sealed record MailNodeMoved(string Host, int ImapPort, int Pop3Port, int LmtpPort, int QuotaPort, DateTimeOffset At);

/// <summary>The node does not come back (N-16); its name is not given again.</summary>
public sealed record MailNodeRetired(DateTimeOffset At);

/// <summary>What the events of one mail node add up to.</summary>
public sealed record RegisteredNode : IState<RegisteredNode>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(MailNodeRegistered), typeof(MailNodeMoved), typeof(MailNodeRetired)];

    /// <summary>The stream's key.</summary>
    public required string Id { get; init; }

    /// <summary>The node's name.</summary>
    public required string Name { get; init; }

    /// <summary>Where the other nodes reach it.</summary>
    public required NodeAddress Address { get; init; }

    /// <summary>When it came.</summary>
    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Whether it went for good.</summary>
    public bool Retired { get; init; }

    /// <summary>The key of a node's stream.</summary>
    public static string KeyOf(string node) => $"node:{node}";

    /// <inheritdoc/>
    public static RegisteredNode? Evolve(RegisteredNode? state, object e) => e switch
    {
        MailNodeRegistered r => new()
        {
            Id = KeyOf(r.Node),
            Name = r.Node,
            Address = new(r.Host, r.ImapPort, r.Pop3Port, r.LmtpPort, r.QuotaPort),
            RegisteredAt = r.At,
        },
        MailNodeMoved m => state! with { Address = new(m.Host, m.ImapPort, m.Pop3Port, m.LmtpPort, m.QuotaPort) },
        MailNodeRetired => state! with { Retired = true },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a mail node"),
    };
}

/// <summary>Where the other nodes reach a node.</summary>
/// <param name="Host">Host name or IP address.</param>
/// <param name="ImapPort">For logins that are handed on.</param>
/// <param name="Pop3Port">For logins that are handed on.</param>
/// <param name="LmtpPort">For mail that is handed on.</param>
/// <param name="QuotaPort">Where Dovecot says whether a mailbox has space.</param>
public sealed record NodeAddress(string Host, int ImapPort, int Pop3Port, int LmtpPort, int QuotaPort)
{
    /// <summary>Reads what a node reports of itself; null when it reports nothing (an older version) or nothing usable.</summary>
    public static NodeAddress? Read(LeaseReport body)
    {
        ArgumentNullException.ThrowIfNull(body);
        return body is { Host: { Length: > 0 and <= 253 } host, ImapPort: { } imap, Pop3Port: { } pop3, LmtpPort: { } lmtp, QuotaPort: { } quota }
            // The host is written into the configuration of mail servers.
            && host.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or ':')
            && ((int[])[imap, pop3, lmtp, quota]).All(p => p is > 0 and <= 65_535)
            ? new(host, imap, pop3, lmtp, quota)
            : null;
    }
}
