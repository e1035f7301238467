using System.IO.Pipelines;
using System.Text;

namespace Hikyaku.Outbox;

/// <summary>
/// One SMTP conversation (RFC 5321), with PIPELINING, SIZE, 8BITMIME and SMTPUTF8. Every recipient is accepted.
/// </summary>
public sealed class SmtpSession(Stream connection, CapturedMessages messages, TimeProvider clock)
{
    private const int MaximumRecipients = 10_000;

    private static readonly string[] Extensions =
        ["outbox.invalid", "PIPELINING", $"SIZE {SmtpReader.MaximumMessageLength}", "8BITMIME", "SMTPUTF8"];

    private readonly SmtpReader _reader = new(PipeReader.Create(connection));
    private readonly List<string> _recipients = [];
    private string? _sender;

    /// <summary>Talks until the client quits or leaves.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        await ReplyAsync("220 outbox.invalid ESMTP", cancel);
        while (await _reader.ReadCommandAsync(cancel) is { } command)
        {
            var line = Encoding.UTF8.GetString(command.Line);
            var verb = line.Split(' ', 2)[0].ToUpperInvariant();
            var reply = command.TooLong ? "500 5.5.6 Line too long" : verb switch
            {
                "EHLO" => Greet(string.Join("\r\n", Extensions.Select((text, i) => (i < Extensions.Length - 1 ? "250-" : "250 ") + text))),
                "HELO" => Greet("250 outbox.invalid"),
                "MAIL" => Mail(line),
                "RCPT" => Recipient(line),
                "DATA" => await DataAsync(cancel),
                "RSET" => Reset(),
                "NOOP" => "250 2.0.0 OK",
                "VRFY" => "252 2.1.5 Any recipient is accepted",
                "QUIT" => "221 2.0.0 Bye",
                _ => "500 5.5.2 Unknown command",
            };
            await ReplyAsync(reply, cancel);
            if (verb == "QUIT")
            {
                return;
            }
        }
    }

    private string Greet(string reply)
    {
        Reset();
        return reply;
    }

    private string Mail(string line)
    {
        if (_sender is not null)
        {
            return "503 5.5.1 A sender is named already";
        }

        if (Path(line, "MAIL FROM:") is not { } sender)
        {
            return "501 5.5.4 MAIL FROM:<address> is expected";
        }

        var announced = line.Split(' ').FirstOrDefault(p => p.StartsWith("SIZE=", StringComparison.OrdinalIgnoreCase));
        if (announced is not null && long.TryParse(announced[5..], out var size) && size > SmtpReader.MaximumMessageLength)
        {
            return "552 5.3.4 Message too long";
        }

        _sender = sender;
        return "250 2.1.0 OK";
    }

    private string Recipient(string line)
    {
        if (_sender is null)
        {
            return "503 5.5.1 MAIL first";
        }

        if (Path(line, "RCPT TO:") is not { Length: > 0 } recipient)
        {
            return "501 5.5.4 RCPT TO:<address> is expected";
        }

        if (_recipients.Count == MaximumRecipients)
        {
            return "452 4.5.3 Too many recipients";
        }

        _recipients.Add(recipient);
        return "250 2.1.5 OK";
    }

    private async Task<string> DataAsync(CancellationToken cancel)
    {
        if (_sender is null || _recipients.Count == 0)
        {
            return "503 5.5.1 MAIL and RCPT first";
        }

        await ReplyAsync("354 End with a line with a single dot", cancel);
        if (await _reader.ReadMessageAsync(cancel) is not { } message)
        {
            return "451 4.4.2 The connection ended within the message";
        }

        if (!message.TooLong)
        {
            messages.Add(_sender, [.. _recipients], clock.GetUtcNow(), message.Message);
        }

        Reset();
        return message.TooLong ? "552 5.3.4 Message too long" : "250 2.0.0 Captured";
    }

    private string Reset()
    {
        _sender = null;
        _recipients.Clear();
        return "250 2.0.0 OK";
    }

    /// <summary>The address within the angle brackets, without a source route; null when the command has another form.</summary>
    private static string? Path(string line, string command)
    {
        // Some clients put a space after the colon; a local part in quotes may hold any character but the last '>'.
        var rest = line.StartsWith(command, StringComparison.OrdinalIgnoreCase) ? line[command.Length..].TrimStart() : "";
        var end = EndOfPath(rest);
        if (end < 0)
        {
            return null;
        }

        var path = rest[1..end];
        return path.StartsWith('@') ? path[(path.IndexOf(':', StringComparison.Ordinal) + 1)..] : path;
    }

    private static int EndOfPath(string text)
    {
        if (!text.StartsWith('<'))
        {
            return -1;
        }

        var quoted = false;
        for (var i = 1; i < text.Length; i++)
        {
            if (quoted && text[i] == '\\')
            {
                i++;
            }
            else if (text[i] == '"')
            {
                quoted = !quoted;
            }
            else if (text[i] == '>' && !quoted)
            {
                return i;
            }
        }

        return -1;
    }

    private async ValueTask ReplyAsync(string reply, CancellationToken cancel) =>
        await connection.WriteAsync(Encoding.UTF8.GetBytes(reply + "\r\n"), cancel);
}
