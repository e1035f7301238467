using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A mail server of the internet, as far as Postfix needs one: takes everything and keeps it.</summary>
public sealed class OutsideMailServer : IDisposable
{
    private TcpListener? _listener;

    public ConcurrentBag<string> Recipients { get; } = [];

    /// <summary>The newest message to each recipient, byte by byte as Latin-1, with CR LF at the end of its lines.</summary>
    public ConcurrentDictionary<string, string> Messages { get; } = [];

    /// <summary>Every message, in the order of their ends.</summary>
    public ConcurrentQueue<OutsideDelivery> Deliveries { get; } = [];

    /// <summary>What is answered to a recipient; 250 by default.</summary>
    public Func<string, string> AnswerTo { get; set; } = _ => "250 fine";

    /// <summary>Whether it takes bytes beyond ASCII (RFC 6152); mail is encoded for those that do not.</summary>
    public bool TakesEightBits { get; set; }

    /// <summary>Starts it; answers its port.</summary>
    /// <param name="port">0: any that is free.</param>
    public int Start(int port = 0)
    {
        _listener = new TcpListener(IPAddress.Loopback, port);
        _listener.Start();
        _ = AcceptAsync(_listener);
        return ((IPEndPoint)_listener.LocalEndpoint).Port;
    }

    public void Dispose() => _listener?.Dispose();

    private async Task AcceptAsync(TcpListener listener)
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync());
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // the test is over
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.Latin1);
        Task Say(string line) => stream.WriteAsync(Encoding.Latin1.GetBytes(line + "\r\n")).AsTask();
        await Say("220 outside.test ESMTP");
        var (inData, sender, recipient, message) = (false, "", "", new StringBuilder());
        var recipients = new List<string>();
        while (await reader.ReadLineAsync() is { } line)
        {
            if (inData)
            {
                if (line != ".")
                {
                    message.Append(line.StartsWith('.') ? line[1..] : line).Append("\r\n");
                    continue;
                }

                inData = false;
                Messages[recipient] = message.ToString();
                Deliveries.Enqueue(new(sender, [.. recipients], message.ToString()));
                recipients.Clear();
                message.Clear();
            }

            if (TakesEightBits && line.StartsWith("EHLO", StringComparison.OrdinalIgnoreCase)) await Say("250-outside.test\r\n250-8BITMIME");
            if (line.StartsWith("MAIL FROM:", StringComparison.OrdinalIgnoreCase)) sender = PathOf(line);
            if (line.StartsWith("RCPT TO:", StringComparison.OrdinalIgnoreCase))
            {
                var answer = AnswerTo(PathOf(line));
                if (answer.StartsWith('2'))
                {
                    Recipients.Add(recipient = PathOf(line));
                    recipients.Add(recipient);
                }

                await Say(answer);
                continue;
            }

            inData = line.Equals("DATA", StringComparison.OrdinalIgnoreCase);
            await Say(inData ? "354 go on" : "250 fine");
            if (line.Equals("QUIT", StringComparison.OrdinalIgnoreCase)) return;
        }
    }

    private static string PathOf(string command) => command[(command.IndexOf(':', StringComparison.Ordinal) + 1)..].Split(' ')[0].Trim('<', '>');
}

/// <summary>One message as it came.</summary>
/// <param name="Sender">Of the envelope; empty for the null sender.</param>
/// <param name="Recipients">Those that were accepted.</param>
/// <param name="Raw">Byte by byte as Latin-1.</param>
public sealed record OutsideDelivery(string Sender, IReadOnlyList<string> Recipients, string Raw);
