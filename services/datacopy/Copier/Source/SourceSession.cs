using System.Net;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;

namespace Hikyaku.Copier;

/// <summary>What the source tells of a message without its body.</summary>
internal sealed record SourceMessage(uint Uid, MessageFlags Flags, IReadOnlyCollection<string> Keywords, DateTimeOffset? ReceivedAt, long Bytes, bool HasLabels);

/// <summary>
/// A login at the source. Whatever goes wrong is thrown as <see cref="CopyFailedException"/>. Folders are opened for reading and bodies are
/// peeked at, so that nothing changes there.
/// </summary>
internal sealed class SourceSession : IDisposable
{
    // How many bytes the answers to commands may have.
    private const int LoginAllowance = 256 * 1024;
    private const int ListAllowance = 4 * 1024 * 1024;
    private const int OpenAllowance = 1024 * 1024;
    private const int SummaryAllowance = 4 * 1024;
    private const int BodyAllowance = 64 * 1024;
    private const double BodySlack = 1.5; // servers are wrong about sizes when they count line ends
    private const int MaxFolders = 10_000;

    // What the client makes of a date that it cannot read is of the year 1.
    private const int FirstYear = 1900;

    private static readonly string[] Mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "LOGIN"];
    private static readonly string[] MechanismsInClear = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"];
    private static readonly string[] TokenMechanisms = ["OAUTHBEARER", "XOAUTH2"];
    private static readonly HashSet<string> GmailViews = new(["\\Starred", "\\Important"], StringComparer.OrdinalIgnoreCase);

    private readonly SourceClient _client;
    private readonly SourceStream _stream;
    private readonly Dictionary<string, ImapFolder> _folders = [];

    private SourceSession(SourceClient client, SourceStream stream, SourceRoute route) => (_client, _stream, Route) = (client, stream, route);

    /// <summary>How it was reached.</summary>
    public SourceRoute Route { get; }

    /// <summary>Whether the server tells labels, as Gmail does.</summary>
    public bool KnowsLabels => _client.Capabilities.HasFlag(ImapCapabilities.GMailExt1);

    /// <summary>The prefix of the user's own folders, with the separator at its end; empty: there is none.</summary>
    public string Prefix => _client.PersonalNamespaces.FirstOrDefault() is { Path.Length: > 0 } own ? own.Path.TrimEnd(own.DirectorySeparator) + own.DirectorySeparator : "";

    /// <summary>Logs in on a connection.</summary>
    public static async Task<SourceSession> StartAsync(SourceStream stream, CopySource source, SourceRoute route, CopySettings settings, CancellationToken stop)
    {
        var session = new SourceSession(new SourceClient(settings), stream, route);
        try
        {
            stream.Allow(LoginAllowance);
            await session.CallAsync(() => session._client.ConnectAsync(stream, source.Host, route.Port, SecureSocketOptions.None, stop));
            await session.CallAsync(() => session.LogInAsync(source, route.Security, stop), duringLogin: true);
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>The user's own folders, and how many messages and bytes each has; null bytes: the server does not tell.</summary>
    public async Task<IReadOnlyList<(SourceFolder Folder, int Messages, long? Bytes)>> ListAsync(CancellationToken stop)
    {
        _stream.Allow(ListAllowance);
        await CallAsync(async () =>
        {
            var items = StatusItems.Count | (_client.Capabilities.HasFlag(ImapCapabilities.StatusSize) ? StatusItems.Size : StatusItems.None);
            foreach (var own in _client.PersonalNamespaces)
            {
                foreach (var folder in await _client.GetFoldersAsync(own, items, subscribedOnly: false, stop)) Add(folder);
                if (!_client.Capabilities.HasFlag(ImapCapabilities.ListExtended)) await _client.GetFoldersAsync(own, StatusItems.None, subscribedOnly: true, stop);
            }

            if (_folders.Values.All(f => f.Attributes.HasFlag(FolderAttributes.Inbox) is false) && _client.Inbox is { } inbox)
            {
                await inbox.StatusAsync(items, stop);
                Add(inbox);
            }
        });
        return [.. _folders.Values.Select(f => (Described(f), f.Count, f.Size is { } size ? (long?)size : null))];
    }

    /// <summary>How many messages of a folder are larger than a size; null: the server does not tell.</summary>
    public async Task<int?> CountLargerAsync(string folder, long bytes, CancellationToken stop)
    {
        await OpenAsync(folder, stop);
        _stream.Allow(OpenAllowance);
        try
        {
            return (await CallAsync(() => _folders[folder].SearchAsync(SearchQuery.LargerThan((int)bytes), stop))).Count;
        }
        catch (CopyFailedException e) when (e.Kind == CopyFailureKind.Unsuitable)
        {
            return null;
        }
    }

    /// <summary>Opens a folder of <see cref="ListAsync"/> for reading; answers its UIDVALIDITY.</summary>
    public async Task<uint> OpenAsync(string folder, CancellationToken stop)
    {
        _stream.Allow(OpenAllowance);
        await CallAsync(async () =>
        {
            if (!_folders.TryGetValue(folder, out var known)) _folders[folder] = known = (ImapFolder)await _client.GetFolderAsync(folder, stop);
            await known.OpenAsync(FolderAccess.ReadOnly, stop);
        });
        return _folders[folder].UidValidity;
    }

    /// <summary>How many messages an open folder has.</summary>
    public int Count(string folder) => _folders[folder].Count;

    /// <summary>Calls back with the index of each message that is gone, while the folder is open.</summary>
    public void WhenGone(string folder, EventHandler<MessageEventArgs> gone) => _folders[folder].MessageExpunged += gone;

    /// <summary>What the server tells of some messages of an open folder.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="first">The index of the first, from 0.</param>
    /// <param name="last">The index of the last.</param>
    /// <param name="withDates">Whether it is asked when they were received.</param>
    /// <param name="stop">Ends it.</param>
    /// <exception cref="ImpossibleDateException">A date is none, such as 31 February. The connection is of no use any more.</exception>
    public Task<IReadOnlyList<SourceMessage>> SummariesAsync(string folder, int first, int last, bool withDates, CancellationToken stop)
    {
        _stream.Allow((last - first + 16L) * SummaryAllowance);
        return CallAsync<IReadOnlyList<SourceMessage>>(async () =>
        {
            var items = MessageSummaryItems.UniqueId | MessageSummaryItems.Flags | MessageSummaryItems.Size
                | (withDates ? MessageSummaryItems.InternalDate : MessageSummaryItems.None) | (KnowsLabels ? MessageSummaryItems.GMailLabels : MessageSummaryItems.None);
            try
            {
                return [.. (await _folders[folder].FetchAsync(first, last, new FetchRequest(items), stop)).Where(s => s.UniqueId.IsValid).DistinctBy(s => s.UniqueId.Id).Select(Described)];
            }
            catch (ArgumentOutOfRangeException e) when (withDates)
            {
                throw new ImpossibleDateException(e);
            }
        });
    }

    /// <summary>Subject and date of a message, as far as the server tells them; null: it does not have the message any more.</summary>
    public async Task<(string? Subject, DateTimeOffset? Date)?> EnvelopeAsync(string folder, uint uid, CancellationToken stop)
    {
        _stream.Allow(BodyAllowance);
        var found = await CallAsync(async () => await _folders[folder].FetchAsync([Id(uid)], new FetchRequest(MessageSummaryItems.UniqueId | MessageSummaryItems.Envelope), stop));
        return found.FirstOrDefault(m => m.UniqueId.Id == uid) is { } message ? (message.Envelope?.Subject, message.Envelope?.Date) : null;
    }

    /// <summary>Fetches bodies by one command.</summary>
    /// <param name="folder">The open folder.</param>
    /// <param name="uids">The messages, in ascending order.</param>
    /// <param name="bytes">How large they are together, by what the server has told.</param>
    /// <param name="receive">Gets each body, which it disposes of.</param>
    /// <param name="stop">Ends it.</param>
    public Task BodiesAsync(string folder, IReadOnlyList<uint> uids, long bytes, Func<uint, Stream, Task> receive, CancellationToken stop)
    {
        _stream.Allow((long)(bytes * BodySlack) + ((long)BodyAllowance * uids.Count));
        return CallAsync(async () => await _folders[folder].GetStreamsAsync(
            [.. uids.Select(Id)], (_, _, uid, body, _) => receive(uid.Id, body is KeptStream kept ? kept.Take() : new MemoryStream()), stop));
    }

    /// <summary>Ends the connection without saying goodbye, for which nobody waits.</summary>
    public void Dispose()
    {
        _client.Dispose();
        _stream.Dispose();
    }

    private static UniqueId Id(uint uid) => new(uid);

    private void Add(IMailFolder folder)
    {
        if (_folders.Count >= MaxFolders) throw new CopyFailedException(CopyFailureKind.Unsuitable, $"More than {MaxFolders} folders");
        if (!folder.Attributes.HasFlag(FolderAttributes.NonExistent)) _folders[folder.FullName] = (ImapFolder)folder;
    }

    private SourceFolder Described(ImapFolder folder) => new(
        folder.FullName, folder.DirectorySeparator == '\0' ? null : folder.DirectorySeparator, RoleOf(folder.Attributes),
        !folder.Attributes.HasFlag(FolderAttributes.NoSelect), folder.IsSubscribed);

    private static FolderRole RoleOf(FolderAttributes attributes) => attributes switch
    {
        _ when attributes.HasFlag(FolderAttributes.All) => FolderRole.All,
        _ when attributes.HasFlag(FolderAttributes.Flagged) || attributes.HasFlag(FolderAttributes.Important) => FolderRole.View,
        _ when attributes.HasFlag(FolderAttributes.Sent) => FolderRole.Sent,
        _ when attributes.HasFlag(FolderAttributes.Drafts) => FolderRole.Drafts,
        _ when attributes.HasFlag(FolderAttributes.Trash) => FolderRole.Trash,
        _ when attributes.HasFlag(FolderAttributes.Junk) => FolderRole.Junk,
        _ when attributes.HasFlag(FolderAttributes.Archive) => FolderRole.Archive,
        _ => FolderRole.None,
    };

    private static SourceMessage Described(IMessageSummary message) => new(
        message.UniqueId.Id, message.Flags ?? MessageFlags.None, [.. message.Keywords ?? new HashSet<string>()], message.InternalDate?.Year >= FirstYear ? message.InternalDate : null, message.Size ?? 0,
        message.GMailLabels?.Any(l => !GmailViews.Contains(l)) == true);

    // By one mechanism: each that fails counts as a wrong password at many servers.
    private async Task LogInAsync(CopySource source, CopySecurity security, CancellationToken stop)
    {
        if (_client.IsAuthenticated) return;
        var credential = new NetworkCredential(source.UserName, source.Secret.Value);
        var known = source.Secret.IsToken ? TokenMechanisms : security == CopySecurity.Plain ? MechanismsInClear : Mechanisms;
        var mechanism = known.FirstOrDefault(_client.AuthenticationMechanisms.Contains);
        if (mechanism is not null)
        {
            await _client.AuthenticateAsync(SaslMechanism.Create(mechanism, credential)!, stop);
            return;
        }

        if (source.Secret.IsToken) throw new CopyFailedException(CopyFailureKind.NoLogin, "The server takes no OAuth tokens");
        _client.AuthenticationMechanisms.Clear(); // the command LOGIN is left
        await _client.AuthenticateAsync(credential, stop);
    }

    private Task<int> CallAsync(Func<Task> call, bool duringLogin = false) => CallAsync(async () =>
    {
        await call();
        return 0;
    }, duringLogin);

    private async Task<T> CallAsync<T>(Func<Task<T>> call, bool duringLogin = false)
    {
        try
        {
            return await call();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw SourceFailures.Of(e, _stream.LastLine, _stream.HasEnded, duringLogin);
        }
    }
}

/// <summary>The source gives a date that is none. The connection is of no use any more.</summary>
internal sealed class ImpossibleDateException(Exception inner) : CopyFailedException(CopyFailureKind.ConnectionLost, "A date that is none", inner);
