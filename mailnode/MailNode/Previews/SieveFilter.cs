using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// Runs a script on messages without doing what it says: Pigeonhole's sieve-filter(1) on an mbox in a folder of its own, which goes
/// when it is done. Only headers are in it.
/// </summary>
public sealed class SieveFilter(NodeSettings settings)
{
    private const string Next = ">> Filtering message:", Matches = " * redirect message to:";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>The indexes of the messages that the script redirects; null when it could not be run.</summary>
    public async Task<IReadOnlyList<int>?> MatchingAsync(IReadOnlyList<string> headers, string script, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(headers);
        var folder = Directory.CreateDirectory(Path.Combine(settings.Home, "run", "previews", Guid.NewGuid().ToString("N"))).FullName;
        // sieve-filter runs as the mail user; nobody else gets into the folder above.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        try
        {
            await File.WriteAllTextAsync(Path.Combine(folder, "inbox"), Mbox(headers), stop);
            await File.WriteAllTextAsync(Path.Combine(folder, "rule.sieve"), script, stop);
            var (at, matching) = (-1, new List<int>());
            var failure = await ServerProgram.RunAsync(
                "env", [$"HOME={folder}", "sieve-filter", "-c", Path.Combine(settings.Home, "dovecot", "preview.conf"), "-v", Path.Combine(folder, "rule.sieve"), "INBOX"], [],
                line =>
                {
                    if (line == Next) at++;
                    else if (line.StartsWith(Matches, StringComparison.Ordinal)) matching.Add(at);
                }, Patience, stop);
            return failure is null ? matching : null;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // A line that begins with "From " would begin another message; a header has none.
    private static string Mbox(IReadOnlyList<string> headers)
    {
        var mbox = new StringBuilder();
        foreach (var header in headers)
        {
            mbox.Append("From MAILER-DAEMON Thu Jan  1 00:00:00 2026\n");
            foreach (var line in header.ReplaceLineEndings("\n").Split('\n').Where(l => l.Length > 0 && !l.StartsWith("From ", StringComparison.Ordinal)))
                mbox.Append(line.Replace("\0", "", StringComparison.Ordinal)).Append('\n');
            mbox.Append("\n\n");
        }

        return mbox.ToString();
    }
}
