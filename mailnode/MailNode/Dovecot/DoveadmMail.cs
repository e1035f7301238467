using System.Globalization;
using System.Text.Json;
using Hikyaku.MailNode.Contracts;

namespace Hikyaku.MailNode;

// Commands on the mail in mailboxes. Queries are doveadm-search-query(7), one word each. A query must not combine sequence numbers with
// `mailbox-guid`: Dovecot 2.3.19 then finds the wrong messages.
public sealed partial class Doveadm
{
    // Long enough for a command on some thousand messages of a busy mailbox on a slow disk.
    private static readonly TimeSpan MailPatience = TimeSpan.FromSeconds(60);

    private static readonly string[] FolderFields = ["messages", "uidnext", "uidvalidity", "guid"];
    private static readonly string[] TimeFields = ["uid", "date.received.unixtime"];
    private static readonly string[] HeaderFields = ["mailbox", "date.received.unixtime", "hdr"];
    private static readonly string[] SizeFields = ["uid", "size.virtual"];

    /// <summary>A folder of a mailbox.</summary>
    /// <param name="Identity">Its GUID, which a renaming does not change.</param>
    /// <param name="UidValidity">UIDs mean the same for as long as this is the same.</param>
    /// <param name="UidNext">Mail that comes from now on has this UID or a higher one.</param>
    /// <param name="Messages">How many messages it has.</param>
    public sealed record Folder(string Identity, long UidValidity, long UidNext, long Messages);

    /// <summary>A message's header, and where it is.</summary>
    /// <param name="ReceivedAt">In seconds since 1970.</param>
    /// <param name="Folder">The folder's name.</param>
    /// <param name="Header">All of it.</param>
    public sealed record Message(long ReceivedAt, string Folder, string Header)
    {
        /// <summary>As people read it.</summary>
        public PreviewedMessage Shown()
        {
            var headers = MimeKit.HeaderList.Load(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(Header)));
            return new(DateTimeOffset.FromUnixTimeSeconds(ReceivedAt), Folder, headers[MimeKit.HeaderId.From] ?? "", headers[MimeKit.HeaderId.Subject] ?? "");
        }
    }

    /// <summary>The folders that are there; null when Dovecot does not tell.</summary>
    public async Task<IReadOnlyList<Folder>?> FoldersAsync(string address, CancellationToken stop) => await RowsAsync(
        "mailboxStatus", new { user = address, field = FolderFields, mailboxMask = EveryFolder },
        r => new Folder(r.GetProperty("guid").GetString()!, Number(r, "uidvalidity"), Number(r, "uidnext"), Number(r, "messages")), stop);

    /// <summary>UIDs and sizes in bytes of what a query finds; null when Dovecot does not tell.</summary>
    public async Task<IReadOnlyList<(long Uid, long Bytes)>?> SizesAsync(string address, string[] query, CancellationToken stop)
        => await RowsAsync("fetch", new { user = address, field = SizeFields, query }, r => (Number(r, "uid"), Number(r, "size.virtual")), stop);

    /// <summary>UIDs and times of arrival, in seconds since 1970, of what a query finds; null when Dovecot does not tell.</summary>
    public async Task<IReadOnlyList<(long Uid, long ReceivedAt)>?> TimesAsync(string address, string[] query, CancellationToken stop)
        => await RowsAsync("fetch", new { user = address, field = TimeFields, query }, r => (Number(r, "uid"), Number(r, "date.received.unixtime")), stop, ifNotFound: []);

    /// <summary>The headers of what a query finds; null when Dovecot does not tell.</summary>
    public async Task<IReadOnlyList<Message>?> HeadersAsync(string address, string[] query, CancellationToken stop)
        => await RowsAsync("fetch", new { user = address, field = HeaderFields, query },
            r => new Message(Number(r, "date.received.unixtime"), r.GetProperty("mailbox").GetString()!, r.GetProperty("hdr").GetString()!), stop, ifNotFound: []);

    /// <summary>UIDs of what a query finds, in one folder; empty when there is no such folder. Null when Dovecot does not tell.</summary>
    public async Task<IReadOnlyList<long>?> SearchAsync(string address, string[] query, CancellationToken stop)
        => await RowsAsync("search", new { user = address, query }, r => Number(r, "uid"), stop, ifNotFound: []);

    /// <summary>Deletes what a query finds for good; whether that is done.</summary>
    public async Task<bool> ExpungeAsync(string address, string[] query, CancellationToken stop)
        => await RowsAsync("expunge", new { user = address, query }, r => r, stop) is not null;

    /// <summary>Moves what a query finds into another folder; whether that is done.</summary>
    public async Task<bool> MoveAsync(string address, string folder, string[] query, CancellationToken stop)
        => await RowsAsync("move", new { user = address, destinationMailbox = folder, query }, r => r, stop) is not null;

    private Task<List<T>?> RowsAsync<T>(string command, object parameters, Converter<JsonElement, T> read, CancellationToken stop, List<T>? ifNotFound = null)
        => AskAsync([Command(command, parameters, "0")], answers => answers switch
        {
            [{ Rows: { } rows }] => rows.ConvertAll(read),
            [{ ExitCode: NotFound }] => ifNotFound,
            _ => null,
        }, stop, MailPatience);

    // Dovecot writes numbers as strings.
    private static long Number(JsonElement row, string field) => long.Parse(row.GetProperty(field).GetString()!, CultureInfo.InvariantCulture);
}
