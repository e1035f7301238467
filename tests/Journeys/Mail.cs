using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Pop3;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.Journeys;

/// <summary>Mail clients and another provider's mail server, as far as the journeys need them.</summary>
public static class Mail
{
    /// <summary>Delivers a message to the platform's port 25, as another provider would; it must be taken at the first attempt.</summary>
    public static async Task DeliverAsync(this PlatformUnderTest platform, string to, string subject, int bytes = 100, string server = "smtp")
    {
        using var smtp = new SmtpClient();
        var (host, port) = platform.Server(server);
        await smtp.ConnectAsync(host, port, SecureSocketOptions.None);
        await smtp.SendAsync(Message("sender@elsewhere.example", to, subject, bytes));
        await smtp.DisconnectAsync(true);
    }

    /// <summary>Delivers some messages to the platform's port 25, all in one session.</summary>
    public static async Task DeliverManyAsync(this PlatformUnderTest platform, string to, string subject, int messages)
    {
        using var smtp = new SmtpClient();
        var (host, port) = platform.Server("smtp");
        await smtp.ConnectAsync(host, port, SecureSocketOptions.None);
        for (var i = 0; i < messages; i++) await smtp.SendAsync(Message("sender@elsewhere.example", to, $"{subject} {i}"));
        await smtp.DisconnectAsync(true);
    }

    /// <summary>Sends some messages as an account, all after one login.</summary>
    public static async Task SubmitManyAsync(this PlatformUnderTest platform, string account, string to, string subject, int messages)
    {
        using var smtp = await platform.SmtpAsync(account);
        for (var i = 0; i < messages; i++) await smtp.SendAsync(Message(account, to, $"{subject} {i}"));
        await smtp.DisconnectAsync(true);
    }

    /// <summary>The subjects of all messages in the inbox, in their order, once there are as many as wanted.</summary>
    public static async Task<IReadOnlyList<string>> SubjectsAsync(
        this PlatformUnderTest platform, string account, int wanted, string password = PlatformUnderTest.Password)
    {
        using var imap = await platform.ImapAsync(account, password: password);
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        await Eventually.Async(async () =>
        {
            await imap.NoOpAsync();
            return imap.Inbox.Count;
        }, count => count >= wanted, TimeSpan.FromSeconds(90));
        return [.. (await imap.Inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope)).Select(m => m.Envelope?.Subject ?? "").Order()];
    }

    /// <summary>Sends as an account; <paramref name="from"/> is envelope sender and header From.</summary>
    public static async Task SubmitAsync(
        this PlatformUnderTest platform, string account, string to, string subject, string server = "submission", string? from = null, string password = PlatformUnderTest.Password)
    {
        using var smtp = await platform.SmtpAsync(account, server, password);
        await smtp.SendAsync(Message(from ?? account, to, subject));
        await smtp.DisconnectAsync(true);
    }

    public static async Task<SmtpClient> SmtpAsync(this PlatformUnderTest platform, string account, string server = "submission", string password = PlatformUnderTest.Password)
    {
        var smtp = new SmtpClient { ServerCertificateValidationCallback = platform.IsOwnCertificate };
        var (host, port) = platform.Server(server.Split('+')[0]);
        await smtp.ConnectAsync(host, port, Security(server));
        await smtp.AuthenticateAsync(account, password);
        return smtp;
    }

    /// <param name="platform">The platform.</param>
    /// <param name="account">Who logs in.</param>
    /// <param name="server"><c>imap</c> for the plain port, <c>imap+starttls</c>, <c>imaps</c>.</param>
    /// <param name="password">With what.</param>
    public static async Task<ImapClient> ImapAsync(this PlatformUnderTest platform, string account, string server = "imap", string password = PlatformUnderTest.Password)
    {
        var imap = new ImapClient { ServerCertificateValidationCallback = platform.IsOwnCertificate };
        var (host, port) = platform.Server(server.Split('+')[0]);
        await imap.ConnectAsync(host, port, Security(server));
        await imap.AuthenticateAsync(account, password);
        return imap;
    }

    public static async Task<Pop3Client> Pop3Async(this PlatformUnderTest platform, string account, string server = "pop3", string password = PlatformUnderTest.Password)
    {
        var pop = new Pop3Client { ServerCertificateValidationCallback = platform.IsOwnCertificate };
        var (host, port) = platform.Server(server.Split('+')[0]);
        await pop.ConnectAsync(host, port, Security(server));
        await pop.AuthenticateAsync(account, password);
        return pop;
    }

    /// <summary>Waits until a message of this subject is in the inbox, by IMAP.</summary>
    public static async Task ArrivesAsync(this PlatformUnderTest platform, string account, string subject, string server = "imap", string password = PlatformUnderTest.Password)
    {
        ImapClient? imap = null;
        try
        {
            await Eventually.Async(async () =>
            {
                // As a mail program does: a changed capacity ends sessions, perhaps this one.
                if (imap is not { IsConnected: true })
                {
                    imap?.Dispose();
                    imap = await platform.ImapAsync(account, server, password);
                    await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
                }

                await imap.NoOpAsync();
                return (await imap.Inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope)).Any(m => m.Envelope?.Subject == subject);
            });
        }
        finally
        {
            imap?.Dispose();
        }
    }

    public static MimeMessage Message(string from, string to, string subject, int bytes = 100)
    {
        var message = new MimeMessage { Subject = subject, Body = new TextPart("plain") { Text = "お元気ですか。\r\n" + Lines(bytes) } };
        message.From.Add(MailboxAddress.Parse(from));
        message.To.Add(MailboxAddress.Parse(to));
        return message;
    }

    private static string Lines(int bytes) => string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n", bytes / 72 + 1));

    private static SecureSocketOptions Security(string server) => server switch
    {
        "imaps" or "pop3s" or "submissions" => SecureSocketOptions.SslOnConnect,
        _ when server.EndsWith("+starttls", StringComparison.Ordinal) => SecureSocketOptions.StartTls,
        "submission" => SecureSocketOptions.StartTls,
        _ => SecureSocketOptions.None,
    };
}
