using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Hikyaku.Bench.Copying;

/// <summary>A message as FETCH gives it.</summary>
internal sealed record WireMessage(string Flags, string Date, byte[] Bytes);

/// <summary>An IMAP connection that says as little as possible and waits when it is told to: to load mailboxes, to compare them, and to find the bound.</summary>
internal sealed partial class ImapWire : IDisposable
{
    private const int BufferBytes = 1024 * 1024;
    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly BufferedStream _output;
    private readonly NetworkStream _stream;
    private int _start, _end, _tag;

    private ImapWire(int port)
    {
        _socket.Connect(IPAddress.Loopback, port);
        _stream = new(_socket, ownsSocket: true);
        _output = new(_stream, 256 * 1024);
    }

    /// <summary>Connects and logs in.</summary>
    public static async Task<ImapWire> LogInAsync(int port, string user, string password)
    {
        var wire = new ImapWire(port);
        await wire.LineAsync();
        await wire.CommandAsync($"LOGIN {user} \"{password}\"");
        return wire;
    }

    /// <summary>Sends a command and waits until it is done.</summary>
    /// <exception cref="IOException">The server says no.</exception>
    public async Task<List<string>> CommandAsync(string command) => await DoneAsync(await SendAsync(command));

    /// <summary>Sends a command; answers its tag.</summary>
    public async Task<string> SendAsync(string command)
    {
        var tag = NextTag();
        await TextAsync($"{tag} {command}\r\n");
        await _output.FlushAsync();
        return tag;
    }

    /// <summary>The lines until a command is done.</summary>
    public async Task<List<string>> DoneAsync(string tag)
    {
        var lines = new List<string>();
        while (true)
        {
            var line = await LineAsync();
            if (!line.StartsWith(tag + " ", StringComparison.Ordinal)) lines.Add(line);
            else if (line.StartsWith($"{tag} OK", StringComparison.OrdinalIgnoreCase)) return lines;
            else throw new IOException(line);
        }
    }

    /// <summary>Sends messages by one MULTIAPPEND; answers its tag.</summary>
    public async Task<string> SendAppendAsync(string folder, IEnumerable<WireMessage> messages)
    {
        var tag = NextTag();
        var before = $"{tag} APPEND \"{folder}\"";
        foreach (var message in messages)
        {
            await TextAsync(string.Create(CultureInfo.InvariantCulture, $"{before} ({message.Flags}) \"{message.Date}\" {{{message.Bytes.Length}+}}\r\n"));
            await _output.WriteAsync(message.Bytes);
            before = "";
        }

        await TextAsync("\r\n");
        await _output.FlushAsync();
        return tag;
    }

    /// <summary>The folders that can be opened, as they are named on the wire.</summary>
    public async Task<IReadOnlyList<string>> FoldersAsync()
        => [.. (await CommandAsync("LIST \"\" *")).Select(l => Listed().Match(l)).Where(m => m.Success && !Unselectable().IsMatch(m.Groups[1].Value)).Select(m => m.Groups[2].Value)];

    /// <summary>The messages of a FETCH of flags, date and body that was sent before, one by one.</summary>
    public async IAsyncEnumerable<WireMessage> FetchedAsync(string tag)
    {
        while (true)
        {
            var line = await LineAsync();
            if (line.StartsWith(tag + " ", StringComparison.Ordinal))
            {
                if (!line.StartsWith($"{tag} OK", StringComparison.OrdinalIgnoreCase)) throw new IOException(line);
                yield break;
            }

            if (Fetched().Match(line) is not { Success: true } found) continue;
            var bytes = new byte[int.Parse(found.Groups[3].Value, CultureInfo.InvariantCulture)];
            await FillAsync(bytes);
            await LineAsync(); // what is after the literal
            yield return new(string.Join(' ', found.Groups[1].Value.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(f => f != "\\Recent").Order(StringComparer.Ordinal)), found.Groups[2].Value, bytes);
        }
    }

    public void Dispose() => _stream.Dispose();

    private string NextTag() => string.Create(CultureInfo.InvariantCulture, $"b{++_tag}");

    private Task TextAsync(string text) => _output.WriteAsync(Encoding.Latin1.GetBytes(text)).AsTask();

    private async Task<string> LineAsync()
    {
        while (true)
        {
            var end = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.Latin1.GetString(_buffer, _start, end).TrimEnd('\r');
                _start += end + 1;
                return line;
            }

            await MoreAsync();
        }
    }

    private async Task FillAsync(Memory<byte> bytes)
    {
        var held = Math.Min(bytes.Length, _end - _start);
        _buffer.AsMemory(_start, held).CopyTo(bytes);
        _start += held;
        await _stream.ReadExactlyAsync(bytes[held..]);
    }

    private async Task MoreAsync()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        (_start, _end) = (0, _end - _start);
        if (_end == _buffer.Length) throw new IOException("A line has no end");
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end));
        if (read == 0) throw new IOException("The server has closed the connection");
        _end += read;
    }

    [GeneratedRegex("^\\* LIST \\((.*?)\\) \"?.\"? \"?(.*?)\"?$", RegexOptions.IgnoreCase)]
    private static partial Regex Listed();

    [GeneratedRegex("Noselect|NonExistent", RegexOptions.IgnoreCase)]
    private static partial Regex Unselectable();

    [GeneratedRegex("FLAGS \\((.*?)\\) INTERNALDATE \"(.*?)\" BODY\\[\\] \\{([0-9]+)\\}$")]
    private static partial Regex Fetched();
}
