using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A connection over which many messages go, byte for byte: to Postfix as from another server, or to Dovecot as from Postfix.</summary>
internal sealed class MailConnection : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TcpClient _client;
    private readonly StreamReader _reader;

    private MailConnection(TcpClient client) => (_client, _reader) = (client, new(client.GetStream(), Encoding.ASCII));

    /// <summary>To port 25.</summary>
    public static Task<MailConnection> SmtpAsync(MailNodeUnderTest node) => OpenAsync(node.Port("SMTP"), "EHLO outside.test");

    /// <summary>To Dovecot's LMTP.</summary>
    public static Task<MailConnection> LmtpAsync(MailNodeUnderTest node) => OpenAsync(node.Port("LMTP"), "LHLO outside.test");

    /// <summary>Sends one message, and waits until it is accepted.</summary>
    /// <param name="sender">Of the envelope; empty for the null sender.</param>
    /// <param name="recipient">Exactly one.</param>
    /// <param name="message">With CR LF at the end of its lines, also of the last one.</param>
    /// <exception cref="InvalidOperationException">The server has refused something.</exception>
    public async Task SendAsync(string sender, string recipient, byte[] message)
    {
        // All three at once (RFC 2920).
        await SayAsync(Encoding.ASCII.GetBytes($"MAIL FROM:<{sender}> BODY=8BITMIME\r\nRCPT TO:<{recipient}>\r\nDATA\r\n"), "250", "250", "354");
        await SayAsync(RawSmtp.Stuffed(message), "250");
    }

    public void Dispose()
    {
        _reader.Dispose();
        _client.Dispose();
    }

    private static async Task<MailConnection> OpenAsync(int port, string greeting)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync("127.0.0.1", port);
        var connection = new MailConnection(client);
        await RawSmtp.ReplyAsync(connection._reader).WaitAsync(Patience);
        await connection.SayAsync(Encoding.ASCII.GetBytes(greeting + "\r\n"), "250");
        return connection;
    }

    private async Task SayAsync(byte[] bytes, params string[] expected)
    {
        await _client.GetStream().WriteAsync(bytes);
        foreach (var code in expected)
        {
            var reply = await RawSmtp.ReplyAsync(_reader).WaitAsync(Patience);
            if (!reply.StartsWith(code, StringComparison.Ordinal)) throw new InvalidOperationException($"Expected {code}, got {reply}");
        }
    }
}
