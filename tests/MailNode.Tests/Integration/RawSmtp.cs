using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A mail program that sends a message as it is: the usual ones encode what they think that a server does not take.</summary>
internal static class RawSmtp
{
    /// <summary>Delivers a message to port 25 as another server does; answers the last reply.</summary>
    public static async Task<string> DeliverRawAsync(this MailNodeUnderTest node, string to, byte[] message, string from = "somebody@outside.test")
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", node.Port("SMTP"));
        return await SendAsync(client.GetStream(), ["EHLO outside.test", $"MAIL FROM:<{from}> BODY=8BITMIME", $"RCPT TO:<{to}>", "DATA"], message);
    }

    /// <summary>Submits a message on port 465; answers the last reply.</summary>
    public static async Task<string> SubmitRawAsync(this Account account, string to, byte[] message)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", account.Node.Port("SUBMISSIONS"));
        using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, account.Node.IsItsCertificate);
        await tls.AuthenticateAsClientAsync("localhost");
        var login = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{account.Address}\0{account.Secret}"));
        return await SendAsync(tls, ["EHLO program.test", $"AUTH PLAIN {login}", $"MAIL FROM:<{account.Address}> BODY=8BITMIME", $"RCPT TO:<{to}>", "DATA"], message);
    }

    /// <summary>Hands a message to Dovecot as Postfix does; answers the last reply.</summary>
    public static async Task<string> DeliverByLmtpAsync(this Account account, byte[] message)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", account.Node.Port("LMTP"));
        return await SendAsync(client.GetStream(), ["LHLO localhost", "MAIL FROM:<somebody@outside.test> BODY=8BITMIME", $"RCPT TO:<{account.Address}>", "DATA"], message);
    }

    private static async Task<string> SendAsync(Stream stream, string[] commands, byte[] message)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await ReplyAsync(reader);
        foreach (var command in commands)
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes(command + "\r\n"));
            if (await ReplyAsync(reader) is ['4' or '5', ..] refusal) return refusal;
        }

        await stream.WriteAsync(Stuffed(message));
        return await ReplyAsync(reader);
    }

    // RFC 5321, 4.5.2. Bytes are kept: Latin-1 has one character for each.
    public static byte[] Stuffed(byte[] message)
        => Encoding.Latin1.GetBytes(("\r\n" + Encoding.Latin1.GetString(message)).Replace("\r\n.", "\r\n..", StringComparison.Ordinal)[2..] + ".\r\n");

    public static async Task<string> ReplyAsync(StreamReader reader)
    {
        while (true)
        {
            var line = await reader.ReadLineAsync() ?? throw new IOException("The server has closed the connection");
            if (line.Length < 4 || line[3] != '-') return line;
        }
    }
}
