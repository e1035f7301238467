using System.Security.Cryptography;
using System.Text;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;

namespace Hikyaku.Copier.Tests.Integration;

/// <summary>A message in a mailbox.</summary>
internal sealed record Stored(string Digest, string Flags, DateTimeOffset? ReceivedAt);

/// <summary>One user's mailbox at a server, as its owner uses it.</summary>
internal sealed record Mailbox(MailServer Server, string User)
{
    private static readonly DateTimeOffset SomeDay = new(2011, 3, 11, 14, 46, 0, TimeSpan.FromHours(9));

    public CopyDestination AsDestination(int? port = null) => new("127.0.0.1", port ?? Server.Port, User, new(MailServer.Password));

    public CopySource AsSource(int? port = null) => new("127.0.0.1", User, new(MailServer.Password), port ?? Server.Port, CopySecurity.Plain, AllowPlain: true);

    /// <summary>Stores messages byte by byte.</summary>
    public async Task StoreAsync(string folder, params byte[][] messages)
    {
        uint uid = 0;
        foreach (var some in messages.Chunk(200)) await StoreAllAsync(folder, [.. some.Select(m => Outgoing(m, ++uid))]);
    }

    /// <summary>Stores a message with flags and a date.</summary>
    public Task StoreAsync(string folder, byte[] message, MessageFlags flags, string[] keywords, DateTimeOffset at)
        => StoreAllAsync(folder, [new(new(1, flags, keywords, at, message.Length, false), new MemoryStream(message), new(1, "", 0))]);

    /// <summary>All folders with their messages; folders that cannot be opened are not there.</summary>
    public Task<IReadOnlyDictionary<string, IReadOnlyList<Stored>>> ReadAsync() => UseAsync<IReadOnlyDictionary<string, IReadOnlyList<Stored>>>(async client =>
    {
        var read = new Dictionary<string, IReadOnlyList<Stored>>();
        foreach (var folder in await AllAsync(client)) read[folder.FullName] = await ReadAsync((ImapFolder)folder);
        return read;
    });

    /// <summary>The messages of one folder; none when it is not there.</summary>
    public async Task<IReadOnlyList<Stored>> ReadAsync(string folder) => (await ReadAsync()).GetValueOrDefault(folder) ?? [];

    /// <summary>How many messages there are in all folders.</summary>
    public async Task<int> CountAsync() => (await ReadAsync()).Values.Sum(m => m.Count);

    public Task<IReadOnlyList<string>> SubscribedAsync() => UseAsync<IReadOnlyList<string>>(async client =>
        [.. (await client.GetFoldersAsync(client.PersonalNamespaces[0], StatusItems.None, subscribedOnly: true)).Select(f => f.FullName)]);

    /// <summary>Moves all messages of a folder.</summary>
    public Task MoveAllAsync(string from, string to) => UseAsync(async client =>
    {
        var (source, target) = (await client.GetFolderAsync(from), await EnsureAsync(client, to));
        await source.OpenAsync(FolderAccess.ReadWrite);
        await source.MoveToAsync(await source.SearchAsync(SearchQuery.All), target);
        return 0;
    });

    /// <summary>Deletes messages for good.</summary>
    public Task DeleteAsync(string folder, int count = int.MaxValue) => UseAsync(async client =>
    {
        var opened = await client.GetFolderAsync(folder);
        await opened.OpenAsync(FolderAccess.ReadWrite);
        var uids = (await opened.SearchAsync(SearchQuery.All)).Take(count).ToList();
        await opened.AddFlagsAsync(uids, MessageFlags.Deleted, silent: true);
        await opened.ExpungeAsync(uids);
        return 0;
    });

    public Task DeleteFolderAsync(string folder) => UseAsync(async client =>
    {
        await (await client.GetFolderAsync(folder)).DeleteAsync();
        return 0;
    });

    public async Task<T> UseAsync<T>(Func<ImapClient, Task<T>> use)
    {
        using var client = new ImapClient();
        await client.ConnectAsync("127.0.0.1", Server.Port, SecureSocketOptions.None);
        await client.AuthenticateAsync(User, MailServer.Password);
        var result = await use(client);
        await client.DisconnectAsync(quit: true);
        return result;
    }

    /// <summary>A message of a size.</summary>
    public static byte[] Message(string subject, int bytes = 0, string? body = null)
    {
        var text = new StringBuilder($"From: hanako@example.jp\r\nSubject: {subject}\r\nMessage-ID: <{subject}@example.jp>\r\n\r\n{body}\r\n");
        var line = new string('x', 70) + "\r\n";
        while (text.Length < bytes) text.Append(line);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static OutgoingMessage Outgoing(byte[] message, uint uid)
        => new(new(uid, MessageFlags.None, [], SomeDay.AddHours(uid), message.Length, false), new MemoryStream(message), new(uid, "", 0));

    private async Task StoreAllAsync(string folder, IReadOnlyList<OutgoingMessage> messages)
    {
        using var connection = await AppendConnection.OpenAsync(AsDestination(), new(), default);
        Assert.True((await connection.CreateAsync(folder, subscribe: false, default)).IsOk);
        var answer = await connection.AppendAsync(folder, messages, plain: false, default);
        Assert.True(answer.IsOk, answer.Text);
    }

    private static async Task<IReadOnlyList<Stored>> ReadAsync(ImapFolder folder)
    {
        await folder.OpenAsync(FolderAccess.ReadOnly);
        var bodies = new Dictionary<uint, string>();
        if (folder.Count == 0) return [];
        var summaries = await folder.FetchAsync(0, -1, MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.InternalDate);
        await folder.GetStreamsAsync([.. summaries.Select(s => s.UniqueId)], async (_, _, uid, body, stop) =>
        {
            bodies[uid.Id] = Convert.ToHexString(await SHA256.HashDataAsync(body, stop));
        });
        return [.. summaries.Select(s => new Stored(bodies[s.UniqueId.Id], Flags(s), s.InternalDate))];
    }

    private static string Flags(IMessageSummary message)
        => string.Join(' ', new[] { (message.Flags & ~MessageFlags.Recent).ToString() }.Concat(message.Keywords.Order(StringComparer.Ordinal)));

    private static async Task<IEnumerable<IMailFolder>> AllAsync(ImapClient client)
        => (await client.GetFoldersAsync(client.PersonalNamespaces[0])).Append(client.Inbox!).DistinctBy(f => f.FullName)
            .Where(f => !f.Attributes.HasFlag(FolderAttributes.NoSelect) && !f.Attributes.HasFlag(FolderAttributes.NonExistent));

    private static async Task<IMailFolder> EnsureAsync(ImapClient client, string name)
        => (await AllAsync(client)).FirstOrDefault(f => f.FullName == name) ?? (await client.GetFolder(client.PersonalNamespaces[0]).CreateAsync(name, isMessageFolder: true))!;
}
