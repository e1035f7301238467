using System.Globalization;
using System.Net.Sockets;
using System.Runtime.ExceptionServices;
using System.Text;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>People's mail programs.</summary>
internal static class Clients
{
    private const int Patience = 60_000; // the machine may be busy

    public static async Task<ImapClient> ImapAsync(this MailNodeUnderTest node, string port = "IMAP", SecureSocketOptions tls = SecureSocketOptions.None)
    {
        var client = new ImapClient { Timeout = Patience, ServerCertificateValidationCallback = node.IsItsCertificate };
        await client.ConnectAsync("127.0.0.1", node.Port(port), tls);
        return client;
    }

    /// <summary>Logs in.</summary>
    public static Task<ImapClient> LoggedInAsync(this Account account) => ReconnectingAsync(() => LogInAsync(account));

    /// <summary>Uses a session from its login to its end.</summary>
    public static Task<T> InSessionAsync<T>(this Account account, Func<ImapClient, Task<T>> use) => ReconnectingAsync(async () =>
    {
        using var client = await LogInAsync(account);
        return await use(client);
    });

    public static async Task<Pop3Client> Pop3Async(this MailNodeUnderTest node, string port = "POP3", SecureSocketOptions tls = SecureSocketOptions.None)
    {
        var client = new Pop3Client { Timeout = Patience, ServerCertificateValidationCallback = node.IsItsCertificate };
        await client.ConnectAsync("127.0.0.1", node.Port(port), tls);
        return client;
    }

    public static async Task<SpeakingClient> SmtpAsync(this MailNodeUnderTest node, string port = "SMTP", SecureSocketOptions tls = SecureSocketOptions.None)
    {
        var client = new SpeakingClient { Timeout = Patience, ServerCertificateValidationCallback = node.IsItsCertificate };
        await client.ConnectAsync("127.0.0.1", node.Port(port), tls);
        return client;
    }

    /// <summary>Sends by port 25, as another server does.</summary>
    public static async Task DeliverAsync(this MailNodeUnderTest node, string to, string subject, int bytes = 100)
    {
        using var client = await node.SmtpAsync();
        await client.SendAsync(Message(subject, bytes), MailboxAddress.Parse("stranger@outside.test"), [MailboxAddress.Parse(to)]);
    }

    /// <summary>Sends by submission, logged in.</summary>
    public static async Task SubmitAsync(this Account account, string from, string to, string subject, int bytes = 100, string port = "SUBMISSION")
    {
        using var client = await account.Node.SmtpAsync(port, port == "SUBMISSION" ? SecureSocketOptions.StartTls : SecureSocketOptions.SslOnConnect);
        await client.AuthenticateAsync(account.Address, account.Secret);
        await client.SendAsync(Message(subject, bytes, from), MailboxAddress.Parse(from), [MailboxAddress.Parse(to)]);
    }

    /// <summary>Sends a message by submission, as one's own.</summary>
    /// <param name="account">Who sends it.</param>
    /// <param name="message">The message.</param>
    /// <param name="to">To whom.</param>
    /// <param name="patience">How long an answer may take, in milliseconds.</param>
    public static async Task SubmitAsync(this Account account, MimeMessage message, string to, int patience = Patience)
    {
        using var client = await account.Node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        client.Timeout = patience;
        await client.AuthenticateAsync(account.Address, account.Secret);
        await client.SendAsync(message, MailboxAddress.Parse(account.Address), [MailboxAddress.Parse(to)]);
    }

    /// <summary>The subjects in an account's inbox.</summary>
    public static Task<IReadOnlyList<string>> InboxAsync(this Account account) => account.InSessionAsync<IReadOnlyList<string>>(async client =>
    {
        await client.Inbox!.OpenAsync(MailKit.FolderAccess.ReadOnly);
        var summaries = await client.Inbox.FetchAsync(0, -1, new MailKit.FetchRequest(MailKit.MessageSummaryItems.Envelope));
        return [.. summaries.Select(s => s.Envelope!.Subject ?? "")];
    });

    // A mail program begins anew when Dovecot ends its session, as it does while it reads another replica, and when a changed capacity has
    // just come into force. What else fails is told at once.
    private static async Task<T> ReconnectingAsync<T>(Func<Task<T>> act)
    {
        var (value, failure) = await Eventually.Async(async () =>
        {
            try
            {
                return (await act(), default(ExceptionDispatchInfo));
            }
            catch (Exception e) when (e is not ImapProtocolException)
            {
                return (default(T)!, ExceptionDispatchInfo.Capture(e));
            }
        }, _ => true);
        failure?.Throw();
        return value;
    }

    private static async Task<ImapClient> LogInAsync(Account account)
    {
        var client = await account.Node.ImapAsync();
        try
        {
            await client.AuthenticateAsync(account.Address, account.Secret);
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    /// <summary>Whether the server has ended the session.</summary>
    public static async Task<bool> IsOverAsync(this MailKit.MailService client)
    {
        try
        {
            await client.NoOpAsync();
            return false;
        }
        catch (Exception e) when (e is IOException or SocketException or MailKit.ServiceNotConnectedException or MailKit.ProtocolException or MailKit.CommandException)
        {
            return true;
        }
    }

    /// <summary>Hands a message to Dovecot as Postfix does (LMTP, RFC 2033); answers what it says to the message, or the first refusal.</summary>
    public static async Task<string> HandOverAsync(this MailNodeUnderTest node, string to, int bytes)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", node.Port("LMTP"));
        var stream = client.GetStream();
        using var reader = new StreamReader(stream);
        string answer = "";
        foreach (var say in new[] { null, "LHLO test", "MAIL FROM:<stranger@outside.test>", $"RCPT TO:<{to}>", "DATA", $"{Text(bytes)}." })
        {
            if (say is not null) await stream.WriteAsync(Encoding.ASCII.GetBytes(say + "\r\n"));
            do answer = await reader.ReadLineAsync() ?? throw new IOException("LMTP is over");
            while (answer.Length > 3 && answer[3] == '-');
            if (answer[0] is '4' or '5') return answer;
        }

        return answer;
    }

    public static MimeMessage Message(string subject, int bytes, string from = "somebody@outside.test")
    {
        return new MimeMessage([MailboxAddress.Parse(from)], [MailboxAddress.Parse("reader@example.jp")], subject, new TextPart("plain") { Text = Text(bytes) });
    }

    /// <summary>One that has so many bytes when it is transferred.</summary>
    public static MimeMessage MessageOf(int size, string from)
    {
        var message = Message("of a certain size", 0, from);
        message.Body = new TextPart("plain") { Text = Text(size - Transferred() - 100) };
        ((TextPart)message.Body).Text += new string('y', size - Transferred() - 2) + "\r\n";
        return message;

        int Transferred()
        {
            using var measured = new MimeKit.IO.MeasuringStream();
            message.WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, measured);
            return (int)measured.Length;
        }
    }

    private static string Text(int bytes) => string.Concat(Enumerable.Repeat(new string('x', 74) + "\r\n", (bytes / 76) + 1));
}

/// <summary>An SMTP client that also says single commands.</summary>
internal sealed class SpeakingClient : SmtpClient
{
    public Task<SmtpResponse> SayAsync(string command) => SendCommandAsync(command);

    /// <summary>Begins a message; what is said to its recipient.</summary>
    public async Task<SmtpResponse> SayRecipientAsync(string sender, string recipient)
    {
        await SayAsync($"MAIL FROM:<{sender}>");
        return await SayAsync($"RCPT TO:<{recipient}>");
    }

    /// <summary>Sends one message, byte for byte; answers the first refusal, or what the server says in the end.</summary>
    public async Task<string> SayMessageAsync(string from, string to, string header)
    {
        foreach (var command in new[] { $"MAIL FROM:<{from}>", $"RCPT TO:<{to}>", "DATA" })
        {
            var answer = await SayAsync(command);
            if ((int)answer.StatusCode >= 400) return Text(answer);
        }

        return Text(await SayAsync($"{header}\r\n\r\n."));

        static string Text(SmtpResponse answer) => string.Create(CultureInfo.InvariantCulture, $"{(int)answer.StatusCode} {answer.Response}");
    }
}
