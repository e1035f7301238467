using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Hikyaku.Copier;

/// <summary>What the destination has answered to a command.</summary>
/// <param name="Text">After OK, NO or BAD, with the response code.</param>
/// <param name="IsOk">Whether it has done it.</param>
internal sealed partial record Answer(bool IsOk, string Text)
{
    /// <summary>The response code (RFC 5530), such as OVERQUOTA; empty: there is none.</summary>
    public string Code => CodeOf().Match(Text).Groups[1].Value.ToUpperInvariant();

    /// <summary>Where the folder ends after an APPEND (RFC 4315); null: the server does not tell.</summary>
    public FolderMark? End => AppendUid().Match(Text) is { Success: true } found
        && uint.TryParse(found.Groups[1].Value, CultureInfo.InvariantCulture, out var validity) && uint.TryParse(found.Groups[2].Value, CultureInfo.InvariantCulture, out var last)
        ? new(validity, last + 1)
        : null;

    [GeneratedRegex(@"^\[([A-Za-z0-9-]+)")]
    private static partial Regex CodeOf();

    [GeneratedRegex(@"^\[APPENDUID ([0-9]+) (?:[0-9,:]*[,:])?([0-9]+)\]", RegexOptions.IgnoreCase)]
    private static partial Regex AppendUid();
}

/// <summary>
/// Writes messages into the destination byte by byte, by one MULTIAPPEND (RFC 3502) with LITERAL+ for a whole batch. It is a client of its
/// own because MailKit appends only messages that it has parsed and formatted again. It reads nothing but status lines.
/// </summary>
internal sealed partial class AppendConnection : IDisposable
{
    private const int MaxLine = 64 * 1024;
    private const int CopyBuffer = 64 * 1024;
    private const string DateFormat = "dd-MMM-yyyy HH:mm:ss ";

    private readonly Stream _stream;
    private readonly BufferedStream _output;
    private readonly CopySettings _settings;
    private readonly byte[] _received = new byte[MaxLine];
    private int _length;
    private int _tag;

    private AppendConnection(Stream stream, CopySettings settings) => (_stream, _output, _settings) = (stream, new BufferedStream(stream, CopyBuffer), settings);

    /// <summary>Connects and logs in.</summary>
    /// <exception cref="CopyFailedException">The destination cannot be used.</exception>
    public static async Task<AppendConnection> OpenAsync(CopyDestination destination, CopySettings settings, CancellationToken stop)
    {
        var connection = new AppendConnection(await DestinationMailbox.ReachAsync(destination, settings, stop), settings);
        try
        {
            await connection.InTimeAsync(connection.LineAsync, stop);
            var login = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{destination.UserName}\0{destination.Secret.Value}"));
            var answer = await connection.CommandAsync($"AUTHENTICATE PLAIN {login}", stop);
            return answer.IsOk ? connection : throw new CopyFailedException(CopyFailureKind.DestinationUnavailable, answer.Text);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Makes a folder and subscribes to it. One that is there already is no failure.</summary>
    public async Task<Answer> CreateAsync(string folder, bool subscribe, CancellationToken stop)
    {
        var answer = folder == "INBOX" ? new Answer(true, "") : await CommandAsync($"CREATE {Quoted(folder)}", stop);
        if (answer is { IsOk: false, Code: "ALREADYEXISTS" }) answer = answer with { IsOk = true };
        return answer.IsOk && subscribe ? await CommandAsync($"SUBSCRIBE {Quoted(folder)}", stop) : answer;
    }

    /// <summary>Where a folder ends; null: there is no such folder.</summary>
    public async Task<FolderMark?> EndOfAsync(string folder, CancellationToken stop)
    {
        FolderMark? end = null;
        var answer = await CommandAsync($"STATUS {Quoted(folder)} (UIDVALIDITY UIDNEXT)", stop, line =>
        {
            if (Number(UidValidity(), line) is { } validity && Number(UidNext(), line) is { } next) end = new(validity, next);
        });
        return answer.IsOk ? end : null;
    }

    /// <summary>Writes messages: all of them, or none if the answer is not OK.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="messages">At least one.</param>
    /// <param name="plain">Without keywords and dates, which a server may refuse.</param>
    /// <param name="stop">Ends it; then nobody knows whether they were written.</param>
    /// <exception cref="IOException">The connection is lost; nobody knows whether they were written.</exception>
    public Task<Answer> AppendAsync(string folder, IReadOnlyList<OutgoingMessage> messages, bool plain, CancellationToken stop) => InTimeAsync(async limit =>
    {
        var tag = NextTag();
        var before = $"{tag} APPEND {Quoted(folder)}";
        foreach (var message in messages)
        {
            await SendAsync($"{before} {Arguments(message, plain)}{{{message.Content.Length}+}}\r\n", limit);
            message.Content.Position = 0;
            await message.Content.CopyToAsync(_output, CopyBuffer, limit);
            before = "";
        }

        await SendAsync("\r\n", limit);
        await _output.FlushAsync(limit);
        return await AnswerAsync(tag, null, limit);
    }, stop);

    /// <inheritdoc/>
    public void Dispose() => _stream.Dispose();

    private static string Arguments(OutgoingMessage message, bool plain)
    {
        var flags = $"({string.Join(' ', message.FlagNames.Where(f => !plain || f[0] == '\\'))}) ";
        if (plain || message.Source.ReceivedAt is not { } at) return flags;
        var zone = at.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
        return $"{flags}\"{at.ToString(DateFormat, CultureInfo.InvariantCulture)}{zone}\" ";
    }

    private static string Quoted(string folder)
        => $"\"{ModifiedUtf7.Encode(folder).Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private string NextTag() => string.Create(CultureInfo.InvariantCulture, $"h{++_tag}");

    private Task<Answer> CommandAsync(string command, CancellationToken stop, Action<string>? untagged = null) => InTimeAsync(async limit =>
    {
        var tag = NextTag();
        await SendAsync($"{tag} {command}\r\n", limit);
        await _output.FlushAsync(limit);
        return await AnswerAsync(tag, untagged, limit);
    }, stop);

    private Task SendAsync(string text, CancellationToken stop) => _output.WriteAsync(Encoding.ASCII.GetBytes(text), stop).AsTask();

    private async Task<Answer> AnswerAsync(string tag, Action<string>? untagged, CancellationToken stop)
    {
        while (true)
        {
            var line = await LineAsync(stop);
            if (line.StartsWith("* BYE", StringComparison.OrdinalIgnoreCase)) throw new IOException(line);
            if (line.StartsWith(tag + " ", StringComparison.Ordinal))
            {
                var rest = line[(tag.Length + 1)..].Split(' ', 2);
                return new(rest[0].Equals("OK", StringComparison.OrdinalIgnoreCase), rest.Length > 1 ? rest[1] : "");
            }

            untagged?.Invoke(line);
        }
    }

    private async Task<string> LineAsync(CancellationToken stop)
    {
        while (true)
        {
            var end = _received.AsSpan(0, _length).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = Encoding.UTF8.GetString(_received, 0, end).TrimEnd('\r');
                _received.AsSpan(end + 1, _length - end - 1).CopyTo(_received);
                _length -= end + 1;
                return line;
            }

            if (_length == MaxLine) throw new IOException("A line of the destination has no end");
            var read = await _stream.ReadAsync(_received.AsMemory(_length), stop);
            if (read == 0) throw new IOException("The destination has closed the connection");
            _length += read;
        }
    }

    private Task<T> InTimeAsync<T>(Func<CancellationToken, Task<T>> work, CancellationToken stop)
        => InTime.RunAsync(work, _settings.DestinationWithin, e => new IOException("The destination does not answer", e), stop);

    private static uint? Number(Regex pattern, string line) => uint.TryParse(pattern.Match(line).Groups[1].Value, CultureInfo.InvariantCulture, out var number) ? number : null;

    [GeneratedRegex(@"^\* STATUS .*\(.*\bUIDVALIDITY ([0-9]+)", RegexOptions.IgnoreCase)]
    private static partial Regex UidValidity();

    [GeneratedRegex(@"^\* STATUS .*\(.*\bUIDNEXT ([0-9]+)", RegexOptions.IgnoreCase)]
    private static partial Regex UidNext();
}
