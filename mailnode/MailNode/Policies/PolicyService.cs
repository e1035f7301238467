using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode;

/// <summary>Postfix's policy protocol (SMTPD_POLICY_README): lines <c>name=value</c>, and an empty one.</summary>
internal static class PolicyService
{
    /// <summary>The answer of whoever has nothing against it.</summary>
    public const string Unknown = "DUNNO";

    private const int MaxRequestLength = 32_768;
    private const int MaxLineLength = 4096;
    private const int MaxLines = 100;
    private const int AtOnce = 400; // more than Postfix has smtpd processes

    /// <summary>Answers at a port of this machine until it is stopped; what is no policy request ends its connection without an answer.</summary>
    /// <param name="port">The port.</param>
    /// <param name="answer">The action for the lines of a request.</param>
    /// <param name="stop">Ends it, and all connections.</param>
    public static async Task ServeAsync(int port, Func<List<string>, CancellationToken, Task<string>> answer, CancellationToken stop)
    {
        using var places = new SemaphoreSlim(AtOnce);
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        var isNextPlaceTaken = false;
        try
        {
            while (true)
            {
                await places.WaitAsync(stop);
                isNextPlaceTaken = true;
                var client = await listener.AcceptTcpClientAsync(stop);
                isNextPlaceTaken = false;
                _ = ServeAsync(client, answer, places, stop);
            }
        }
        finally
        {
            listener.Stop();
            // The connections end now, and each gives its place back.
            for (var ended = isNextPlaceTaken ? 1 : 0; ended < AtOnce; ended++) await places.WaitAsync(CancellationToken.None);
        }
    }

    /// <summary>Reads the lines of one request or answer; null if the other side closed the connection.</summary>
    /// <exception cref="IOException">What was sent is too long to be one.</exception>
    public static async Task<List<string>?> ReadAsync(PipeReader reader, CancellationToken stop)
    {
        while (true)
        {
            var read = await reader.ReadAsync(stop);
            if (TryRead(read.Buffer, out var lines, out var end))
            {
                reader.AdvanceTo(end);
                return lines;
            }

            if (read.Buffer.Length > MaxRequestLength) throw new IOException("That is no policy request");
            if (read.IsCompleted) return null;
            reader.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    /// <summary>Asks, and returns the action of the answer.</summary>
    public static async Task<string> AskAsync(string host, int port, IReadOnlyList<string> request, CancellationToken stop)
    {
        const string action = "action=";
        using var other = new TcpClient();
        await other.ConnectAsync(host, port, stop);
        await other.GetStream().WriteAsync(Encoding.Latin1.GetBytes(string.Join('\n', request) + "\n\n"), stop);
        return await ReadAsync(PipeReader.Create(other.GetStream()), stop) is { } answer && answer.Find(l => l.StartsWith(action, StringComparison.Ordinal)) is { } said ? said[action.Length..] : Unknown;
    }

    private static async Task ServeAsync(TcpClient client, Func<List<string>, CancellationToken, Task<string>> answer, SemaphoreSlim places, CancellationToken stop)
    {
        try
        {
            using (client)
            {
                var reader = PipeReader.Create(client.GetStream());
                while (await ReadAsync(reader, stop) is { } request)
                    await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"action={await answer(request, stop)}\n\n"), stop);
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // Postfix closed the connection, that was no request, or the agent stops
        }
        finally
        {
            places.Release();
        }
    }

    private static bool TryRead(ReadOnlySequence<byte> bytes, out List<string> lines, out SequencePosition end)
    {
        var unread = new SequenceReader<byte>(bytes);
        lines = [];
        while (unread.TryReadTo(out ReadOnlySequence<byte> line, (byte)'\n'))
        {
            var text = Encoding.Latin1.GetString(line).TrimEnd('\r');
            end = unread.Position;
            if (text.Length == 0) return true;
            if (text.Length > MaxLineLength || lines.Count == MaxLines) throw new IOException("That is no policy request");
            lines.Add(text);
        }

        end = bytes.Start;
        return false;
    }
}
