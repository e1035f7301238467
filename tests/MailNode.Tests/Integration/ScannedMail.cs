using System.IO.Compression;
using System.Text;
using Hikyaku.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Spam.Contracts;
using MailKit;
using MimeKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Messages for the judge, and what an account wants done with spam, told to the node as the spam service tells it.</summary>
internal static class ScannedMail
{
    /// <summary>The test pattern of makers of spam filters.</summary>
    public const string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X";

    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    /// <summary>The test pattern of makers of virus filters.</summary>
    public static string Eicar { get; } = @"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*";

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text.ReplaceLineEndings("\r\n"));

    /// <summary>A message with a file.</summary>
    public static byte[] Attached(string subject, byte[] file) => Bytes(
        $"From: somebody@outside.test\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n{Convert.ToBase64String(file, Base64FormattingOptions.InsertLineBreaks)}\n");

    public static byte[] Zip(string name, byte[] content)
    {
        using var stream = new MemoryStream();
        using (var zip = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry(name).Open();
            entry.Write(content);
        }

        return stream.ToArray();
    }

    public static Task<string> DeliverTextAsync(this Account account, string header, string text) => account.Node.DeliverRawAsync(
        account.Address, Bytes($"From: somebody@outside.test\n{header}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}\n"));

    /// <summary>What the node says would happen to a message.</summary>
    public static async Task<MessageTraced> TraceAsync(this Account account, string header, string text, TracedSettings? earlier = null)
    {
        var (request, broker) = (Guid.NewGuid().ToString("N"), account.Node.Broker);
        var message = Bytes($"From: somebody@outside.test\nTo: {account.Address}\n{header}\nMIME-Version: 1.0\nMessage-ID: <{request}@outside.test>\nDate: Sun, 29 Nov 2026 12:00:00 +0900\n\n{text}\n");
        await broker.PublishAsync(new TraceAsked(request, account.State.AccountId, "somebody@outside.test", Convert.ToBase64String(message), earlier));
        return (await Eventually.Async(() => broker.Facts.Values.OfType<MessageTraced>().FirstOrDefault(a => a.RequestId == request), a => a is not null, TimeSpan.FromSeconds(30)))!;
    }

    public static async Task SetSpamAsync(this Account account, bool tag, bool sort)
    {
        await account.StandAsync(true);
        await account.Node.PublishSpamAsync(at => new SpamState(account.State.AccountId, tag, sort, at, at, false));
    }

    public static Task StandAsync(this Account account, bool inForce)
        => account.Node.PublishSpamAsync(at => new DomainStandingState(account.State.Domain, inForce, at, at, false));

    /// <summary>The subjects in a folder, when there are some.</summary>
    public static Task<List<string>> SubjectsInAsync(this Account account, string folder) => Eventually.Async(async () =>
    {
        using var imap = await account.LoggedInAsync();
        var mailbox = await imap.GetFolderAsync(folder);
        await mailbox.OpenAsync(FolderAccess.ReadOnly);
        return (await mailbox.FetchAsync(0, -1, MessageSummaryItems.Envelope)).Select(m => m.Envelope?.Subject ?? "").ToList();
    }, subjects => subjects.Count > 0, Long);

    /// <summary>The header of the message with a subject, when it has come into the inbox.</summary>
    public static async Task<HeaderList> HeaderAsync(this Account account, string subject) => (await Eventually.Async(async () =>
    {
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        for (var n = 0; n < imap.Inbox.Count; n++)
        {
            var header = await imap.Inbox.GetHeadersAsync(n);
            if (header[HeaderId.Subject] == subject) return header;
        }

        return null;
    }, header => header is not null, Long))!;

    // Its position is its version, too: each is newer than the ones before.
    private static async Task PublishSpamAsync<T>(this MailNodeUnderTest node, Func<long, T> make) where T : class
    {
        var position = 0L;
        var state = node.Spam.Keep(at => make(position = at));
        await node.Broker.PublishAsync(state);
        await node.Broker.PublishAsync(new NodeStateBookmark("spam", position));
        await Eventually.Async(() => node.Spam.Applied >= position, Long);
    }
}
