using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// Says what a script would do with a message: Pigeonhole's sieve-test(1), with the extensions that deliver. Nothing is stored or sent.
/// </summary>
public sealed class SieveTest(NodeSettings settings)
{
    private const string Redirects = " * redirect message to: <", Stores = " * store message in folder: ", Replies = " * send vacation message:", TextBegins = "START MESSAGE", TextEnds = "END MESSAGE";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>What it would do.</summary>
    /// <param name="RedirectedTo">Addresses.</param>
    /// <param name="Stored">The folder; null: none.</param>
    /// <param name="Replied">Whether it answers the sender.</param>
    public sealed record Result(IReadOnlyList<string> RedirectedTo, string? Stored, bool Replied);

    /// <summary>Runs it; null when it could not be run.</summary>
    public async Task<Result?> RunAsync(string script, string sender, string recipient, byte[] message, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(message);
        var folder = Directory.CreateDirectory(Path.Combine(settings.Home, "run", "previews", Guid.NewGuid().ToString("N"))).FullName;
        // It runs as the mail user; nobody else gets into the folder above.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        try
        {
            var (file, mail) = (Path.Combine(folder, "script.sieve"), Path.Combine(folder, "message"));
            await File.WriteAllTextAsync(file, script, new UTF8Encoding(false), stop);
            await File.WriteAllBytesAsync(mail, message, stop);
            var (redirected, stored, replied, isText) = (new List<string>(), default(string), false, false);
            var failure = await ServerProgram.RunAsync(
                "env", [$"HOME={folder}", "sieve-test", "-c", Path.Combine(settings.Home, "dovecot", "preview.conf"), "-f", sender, "-a", recipient, file, mail], [],
                line =>
                {
                    if (isText) isText = line != TextEnds;
                    else if (line == TextBegins) isText = true;
                    else if (line.StartsWith(Redirects, StringComparison.Ordinal)) redirected.Add(line[Redirects.Length..].TrimEnd('>'));
                    else if (line.StartsWith(Stores, StringComparison.Ordinal)) stored = line[Stores.Length..];
                    else if (line == Replies) replied = true;
                },
                Patience, stop);
            return failure is null ? new(redirected, stored, replied) : null;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
