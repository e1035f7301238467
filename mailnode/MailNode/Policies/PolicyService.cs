using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode;

/// <summary>Postfix's policy protocol (SMTPD_POLICY_README): lines <c>name=value</c>, and an empty one.</summary>
internal static class PolicyService
{
    /// <summary>The answer of whoever has nothing against it.</summary>
    public const string Unknown = "DUNNO";

    private const int MaxLineLength = 4096;
    private const int MaxLines = 100;

    /// <summary>Reads the lines of one request or answer; null if the other side closed the connection.</summary>
    public static async Task<List<string>?> ReadAsync(StreamReader reader, CancellationToken stop)
    {
        var lines = new List<string>();
        while (await reader.ReadLineAsync(stop) is { } line)
        {
            if (line.Length == 0) return lines;
            if (line.Length > MaxLineLength || lines.Count == MaxLines) throw new IOException("That is no policy request");
            lines.Add(line);
        }

        return null;
    }

    /// <summary>Asks, and returns the action of the answer.</summary>
    public static async Task<string> AskAsync(string host, int port, IReadOnlyList<string> request, CancellationToken stop)
    {
        const string action = "action=";
        using var other = new TcpClient();
        await other.ConnectAsync(host, port, stop);
        await other.GetStream().WriteAsync(Encoding.Latin1.GetBytes(string.Join('\n', request) + "\n\n"), stop);
        using var reader = new StreamReader(other.GetStream(), Encoding.Latin1);
        return await ReadAsync(reader, stop) is { } answer && answer.Find(l => l.StartsWith(action, StringComparison.Ordinal)) is { } said ? said[action.Length..] : Unknown;
    }
}
