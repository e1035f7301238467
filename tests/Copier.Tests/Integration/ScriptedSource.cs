using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Hikyaku.Platform;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>
/// A source that speaks enough IMAP to be copied from, and that a test lets misbehave: <see cref="Script"/> sees each command first.
/// </summary>
internal sealed partial class ScriptedSource : LoopbackServer
{
    /// <summary>An answer that ends so is sent without it, and then the connection ends.</summary>
    public const string Closing = "\u0004";

    public string Greeting { get; set; } = "* OK Ready";

    public string Capabilities { get; set; } = "IMAP4rev1 AUTH=PLAIN SASL-IR";

    /// <summary>Answers a command (without its tag, in capitals) itself, tag and all; null: it is answered as usual. An answer that is empty ends the connection.</summary>
    public Func<string, string, string?> Script { get; set; } = (_, _) => null;

    /// <summary>Changes what is about to be answered.</summary>
    public Func<string, string> Change { get; set; } = answer => answer;

    /// <summary>The lines that LIST answers, without <c>* LIST</c>.</summary>
    public IReadOnlyList<string> Folders { get; set; } = ["() \"/\" INBOX"];

    /// <summary>The messages of every folder.</summary>
    public IReadOnlyList<string> Messages { get; set; } = [];

    /// <summary>Of every folder.</summary>
    public uint UidValidity { get; set; } = 7;

    /// <summary>The flags of every message.</summary>
    public string Flags { get; set; } = "\\Seen";

    /// <summary>The INTERNALDATE of every message.</summary>
    public string Date { get; set; } = "\"01-Feb-2020 03:04:05 +0900\"";

    /// <summary>What FETCH of everything but bodies tells in addition, by the message's index.</summary>
    public Func<int, string> Extra { get; set; } = _ => "";

    /// <summary>The commands that came, without tags.</summary>
    public List<string> Commands { get; } = [];

    /// <summary>How many bytes were sent.</summary>
    public long Sent { get; private set; }

    /// <summary>How many connections there were.</summary>
    public int Connections { get; private set; }

    public CopySource AsSource() => new("127.0.0.1", "taro", new("secret"), Port, CopySecurity.Plain, AllowPlain: true);

    public Task<CopyResult> CopyAsync(CopyUnderTest copy)
        => new MailboxCopier(new(new NetworkGuard("127.0.0.0/8"), copy.Settings), copy.Settings).CopyAsync(AsSource(), copy.Destination.AsDestination(), copy.Journal, null, default);

    protected override async Task ServeAsync(TcpClient client)
    {
        Connections++;
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII);
                await stream.WriteAsync(Encoding.Latin1.GetBytes(Greeting + "\r\n"), Stop);
                while (await reader.ReadLineAsync(Stop) is { } line)
                {
                    var parts = line.Split(' ', 2);
                    var command = parts.Length > 1 ? parts[1].ToUpperInvariant() : "";
                    lock (Commands) Commands.Add(command);
                    var answer = Change(Script(parts[0], command) ?? Usual(parts[0], command, line));
                    if (answer.Length == 0) return;
                    // In pieces, so that a client may stop reading in the middle.
                    foreach (var piece in Encoding.Latin1.GetBytes(answer.TrimEnd(Closing[0])).Chunk(64 * 1024)) await SendAsync(stream, piece);
                    if (answer.EndsWith(Closing, StringComparison.Ordinal)) return;
                }
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                return; // the client has gone, or the test is over
            }
        }
    }

    private async Task SendAsync(NetworkStream stream, byte[] piece)
    {
        await stream.WriteAsync(piece, Stop);
        Sent += piece.Length;
    }

    private string Usual(string tag, string command, string line)
    {
        var done = $"{tag} OK done\r\n";
        if (command == "CAPABILITY") return $"* CAPABILITY {Capabilities}\r\n{done}";
        if (command.StartsWith("LIST \"\" \"\"", StringComparison.Ordinal)) return $"* LIST (\\Noselect) \"/\" \"\"\r\n{done}";
        if (command.StartsWith("LIST", StringComparison.Ordinal)) return string.Concat(Folders.Select(f => $"* LIST {f}\r\n")) + done;
        if (command.StartsWith("STATUS", StringComparison.Ordinal)) return $"* STATUS {Named().Match(line).Groups[1].Value} (MESSAGES {Text(Messages.Count)})\r\n{done}";
        if (command.StartsWith("EXAMINE", StringComparison.Ordinal)) return $"* {Text(Messages.Count)} EXISTS\r\n* OK [UIDVALIDITY {UidValidity.ToString(CultureInfo.InvariantCulture)}] ok\r\n{tag} OK [READ-ONLY] done\r\n";
        if (command.StartsWith("UID FETCH", StringComparison.Ordinal)) return string.Concat(Chosen(command).Select(i => command.Contains("BODY.PEEK[]", StringComparison.Ordinal) ? Body(i) : Summary(i, command))) + done;
        if (command.StartsWith("FETCH", StringComparison.Ordinal)) return string.Concat(Enumerable.Range(0, Messages.Count).Select(i => Summary(i, command))) + done;
        return done;
    }

    /// <summary>How a body is sent.</summary>
    public string Body(int index) => $"* {Text(index + 1)} FETCH (UID {Text(index + 1)} BODY[] {{{Text(Messages[index].Length)}}}\r\n{Messages[index]})\r\n";

    private string Summary(int index, string command)
        => $"* {Text(index + 1)} FETCH (UID {Text(index + 1)} FLAGS ({Flags}){(command.Contains("INTERNALDATE", StringComparison.Ordinal) ? $" INTERNALDATE {Date}" : "")} RFC822.SIZE {Text(Messages[index].Length)}{Extra(index)} ENVELOPE (NIL \"told\" NIL NIL NIL NIL NIL NIL NIL NIL))\r\n";

    private IEnumerable<int> Chosen(string command)
        => Set().Match(command).Groups[1].Value.Split(',').SelectMany(range =>
        {
            var ends = range.Split(':').Select(e => int.Parse(e, CultureInfo.InvariantCulture)).ToArray();
            return Enumerable.Range(ends[0] - 1, ends[^1] - ends[0] + 1);
        });

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("STATUS (\".*\"|\\S+) \\(", RegexOptions.IgnoreCase)]
    private static partial Regex Named();

    [GeneratedRegex("^UID FETCH ([0-9,:]+)")]
    private static partial Regex Set();
}
