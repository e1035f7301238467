using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What answers in the place of Dovecot's doveadm on a bad day.</summary>
public enum BadAnswer
{
    /// <summary>The connection ends without an answer.</summary>
    ConnectionClosed,

    /// <summary>The connection ends within an answer.</summary>
    AnswerBroken,

    /// <summary>Nothing comes.</summary>
    Silence,

    /// <summary>HTTP 500.</summary>
    ServerError,

    /// <summary>HTTP 200, and the command has failed (sysexits.h: temporary failure).</summary>
    CommandFailed,

    /// <summary>HTTP 200 with JSON that is no answer.</summary>
    OtherShape,

    /// <summary>HTTP 200, and rows that say something else than they should.</summary>
    OtherFields,
}

/// <summary>Speaks HTTP on a port of its own, always badly in the same way until it is mended.</summary>
internal sealed class DoveadmStandIn : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly BadAnswer _answer;
    private int _asked;
    private volatile int _dovecot;
    private volatile string? _badFor;

    public DoveadmStandIn(BadAnswer answer)
    {
        _answer = answer;
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public string Setting => $"--Hikyaku:Doveadm={Address}";

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    /// <summary>From now on who connects speaks with the real one at this port.</summary>
    /// <param name="dovecot">The port.</param>
    /// <param name="exceptFor">Whoever says this is still answered badly: the connection ends, or nothing comes.</param>
    public void Mend(int dovecot, string? exceptFor = null) => (_badFor, _dovecot) = (exceptFor, dovecot);

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync());
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
        if (_dovecot > 0)
        {
            using var dovecot = new TcpClient();
            await dovecot.ConnectAsync(IPAddress.Loopback, _dovecot);
            await Task.WhenAny(ForwardAsync(stream, dovecot.GetStream()), dovecot.GetStream().CopyToAsync(stream));
            return;
        }

        var read = new byte[65536];
        while (await stream.ReadAsync(read) > 0)
        {
            Interlocked.Increment(ref _asked);
            if (_answer == BadAnswer.ConnectionClosed) return;
            if (_answer == BadAnswer.Silence) continue;
            await stream.WriteAsync(Encoding.ASCII.GetBytes(_answer switch
            {
                BadAnswer.AnswerBroken => "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n[[\"dov",
                BadAnswer.ServerError => "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                BadAnswer.CommandFailed => Json("[[\"error\",{\"type\":\"exitCode\",\"exitCode\":75},\"0\"]]"),
                BadAnswer.OtherFields => Json("[[\"doveadmResponse\",[{\"uid\":7,\"guid\":null}],\"0\"]]"),
                _ => Json("{\"hello\":[1]}"),
            }));
            return;
        }
    }

    private async Task ForwardAsync(NetworkStream client, NetworkStream dovecot)
    {
        var read = new byte[65536];
        var isSilent = false;
        while (await client.ReadAsync(read) is > 0 and var bytes)
        {
            isSilent |= _badFor is { } bad && Encoding.UTF8.GetString(read, 0, bytes).Contains(bad, StringComparison.Ordinal);
            if (isSilent) Interlocked.Increment(ref _asked);
            if (isSilent && _answer != BadAnswer.Silence) return;
            if (!isSilent) await dovecot.WriteAsync(read.AsMemory(0, bytes));
        }
    }

    private static string Json(string body) => $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}";
}
