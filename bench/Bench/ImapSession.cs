using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.Bench;

/// <summary>One raw IMAP connection, a few kilobytes: ten thousand of them fit into one program.</summary>
internal sealed class ImapSession : IDisposable
{
    private const int LongestAnswer = 16_384;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };

    /// <summary>Connects and logs in; throws when the server goes away or says anything but OK.</summary>
    public static async Task<ImapSession> LogInAsync(int port, string login, string password, CancellationToken stop = default)
    {
        var session = new ImapSession();
        try
        {
            await session._socket.ConnectAsync(IPAddress.Loopback, port, stop);
            await session.UntilAsync("* OK", stop);
            await session.SayAsync($"a LOGIN {login} \"{password}\"", stop);
            var answer = await session.UntilAsync("a ", stop);
            return answer.StartsWith("a OK", StringComparison.Ordinal) ? session : throw new IOException(answer);
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Says goodbye and waits until the server has closed.</summary>
    public async Task LogOutAsync(CancellationToken stop = default)
    {
        await SayAsync("b LOGOUT", stop);
        await EndedAsync(stop);
    }

    /// <summary>Returns when the server has ended the session.</summary>
    public async Task EndedAsync(CancellationToken stop = default)
    {
        var buffer = new byte[256];
        try
        {
            while (await _socket.ReceiveAsync(buffer, stop) > 0) { }
        }
        catch (SocketException)
        {
            // reset: ended as well
        }
    }

    public void Dispose() => _socket.Dispose();

    private async Task SayAsync(string line, CancellationToken stop) => await _socket.SendAsync(Encoding.ASCII.GetBytes(line + "\r\n"), stop);

    // The line that begins so.
    private async Task<string> UntilAsync(string beginning, CancellationToken stop)
    {
        var buffer = new byte[2048];
        var text = "";
        while (text.Length < LongestAnswer)
        {
            var count = await _socket.ReceiveAsync(buffer, stop);
            if (count == 0) throw new IOException("The server has closed");
            text += Encoding.ASCII.GetString(buffer, 0, count);
            if (text.Split("\r\n")[..^1].FirstOrDefault(l => l.StartsWith(beginning, StringComparison.Ordinal)) is { } line) return line;
        }

        throw new IOException("The server talks too much");
    }
}
