using System.Net.Security;
using System.Net.Sockets;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Search;
using MailKit.Security;

namespace Hikyaku.Copier;

/// <summary>Looks into the destination: which folders there are, and which messages have come since a mark.</summary>
internal sealed class DestinationMailbox : IDisposable
{
    private const int FetchMessages = 200;
    private readonly ImapClient _client = new();

    private DestinationMailbox()
    {
    }

    /// <summary>What separates a folder from its children.</summary>
    public char Separator => _client.PersonalNamespaces[0].DirectorySeparator;

    /// <summary>The folders that are there.</summary>
    public IReadOnlyList<ImapFolder> Folders { get; private set; } = [];

    /// <summary>Connects, logs in and lists the folders; again when the server is not there for a while.</summary>
    /// <exception cref="CopyFailedException">The destination cannot be used.</exception>
    public static async Task<DestinationMailbox> OpenAsync(CopyDestination destination, CopySettings settings, CancellationToken stop)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await OpenOnceAsync(destination, settings, stop);
            }
            catch (CopyFailedException e) when (attempt < settings.Attempts && e.InnerException is IOException or SocketException or ImapProtocolException)
            {
                await Task.Delay(SourceLink.Pause("", attempt, settings), stop);
            }
        }
    }

    private static async Task<DestinationMailbox> OpenOnceAsync(CopyDestination destination, CopySettings settings, CancellationToken stop)
    {
        var mailbox = new DestinationMailbox();
        try
        {
            mailbox._client.Timeout = (int)settings.DestinationWithin.TotalMilliseconds;
            var stream = await ReachAsync(destination, settings, stop);
            await mailbox._client.ConnectAsync(stream, destination.Host, destination.Port, SecureSocketOptions.None, stop);
            await mailbox._client.AuthenticateAsync(new SaslMechanismPlain(destination.UserName, destination.Secret.Value), stop);
            if (!mailbox._client.Capabilities.HasFlag(ImapCapabilities.MultiAppend | ImapCapabilities.LiteralPlus | ImapCapabilities.UidPlus))
                throw new CopyFailedException(CopyFailureKind.DestinationUnavailable, "The destination lacks MULTIAPPEND, LITERAL+ or UIDPLUS");
            mailbox.Folders =
            [
                .. (await mailbox._client.GetFoldersAsync(mailbox._client.PersonalNamespaces[0], StatusItems.UidNext | StatusItems.UidValidity, subscribedOnly: false, stop))
                    .Cast<ImapFolder>().Where(f => !f.Attributes.HasFlag(FolderAttributes.NoSelect) && !f.Attributes.HasFlag(FolderAttributes.NonExistent)),
            ];
            return mailbox;
        }
        catch (Exception e) when (e is ImapCommandException or ImapProtocolException or MailKit.Security.AuthenticationException or IOException)
        {
            mailbox.Dispose();
            throw new CopyFailedException(CopyFailureKind.DestinationUnavailable, e.Message, e);
        }
        catch
        {
            mailbox.Dispose();
            throw;
        }
    }

    /// <summary>Connects to the server, with TLS if it has it.</summary>
    /// <exception cref="CopyFailedException">It cannot be reached.</exception>
    public static async Task<Stream> ReachAsync(CopyDestination destination, CopySettings settings, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.ConnectWithin);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(destination.Host, destination.Port, limit.Token);
            Stream stream = new NetworkStream(socket, ownsSocket: true);
            if (!destination.Tls) return stream;
            var protectedStream = new SslStream(stream);
            await protectedStream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = destination.Host }, limit.Token);
            return protectedStream;
        }
        catch (Exception e) when (e is SocketException or IOException or System.Security.Authentication.AuthenticationException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            socket.Dispose();
            throw new CopyFailedException(CopyFailureKind.DestinationUnavailable, e.Message, e);
        }
    }

    /// <summary>The folders with a purpose.</summary>
    public IReadOnlyDictionary<FolderRole, string> ByRole() => new[]
    {
        (FolderRole.Drafts, FolderAttributes.Drafts), (FolderRole.Sent, FolderAttributes.Sent), (FolderRole.Trash, FolderAttributes.Trash),
        (FolderRole.Junk, FolderAttributes.Junk), (FolderRole.Archive, FolderAttributes.Archive),
    }.ToDictionary(r => r.Item1, r => Folders.FirstOrDefault(f => f.Attributes.HasFlag(r.Item2))?.FullName ?? r.Item1.ToString());

    /// <summary>Where each folder ends.</summary>
    public IReadOnlyDictionary<string, FolderMark> Marks() => Folders.ToDictionary(f => f.FullName, f => new FolderMark(f.UidValidity, f.UidNext?.Id ?? 1));

    /// <summary>The digests of messages of a folder.</summary>
    /// <param name="folder">One of <see cref="Folders"/>.</param>
    /// <param name="first">The first UID that is looked at.</param>
    /// <param name="sizes">Only messages of these sizes are read; null: all are.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<IReadOnlyList<string>> DigestsAsync(ImapFolder folder, uint first, IReadOnlySet<long>? sizes, CancellationToken stop)
    {
        var found = new List<string>();
        await folder.OpenAsync(FolderAccess.ReadOnly, stop);
        var all = await folder.SearchAsync(SearchQuery.Uids(new UniqueIdRange(new UniqueId(Math.Max(first, 1)), UniqueId.MaxValue)), stop);
        // A range that ends with * holds the last message even when its UID is lower.
        foreach (var some in all.Where(u => u.Id >= first).Chunk(FetchMessages))
        {
            var summaries = await folder.FetchAsync(some, new FetchRequest(MessageSummaryItems.UniqueId | MessageSummaryItems.Size), stop);
            var candidates = summaries.Where(s => sizes is null || (s.Size is { } size && sizes.Contains(size))).Select(s => s.UniqueId).ToList();
            if (candidates.Count == 0) continue;
            await folder.GetStreamsAsync(candidates, (_, _, _, body, _) =>
            {
                found.Add(ContentDigest.Of(body).Digest);
                return Task.CompletedTask;
            }, stop);
        }

        return found;
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();
}
