namespace Hikyaku.MailNode;

/// <summary>Postfix's queue on this machine, by its own programs: postqueue(1) and postsuper(1).</summary>
public sealed partial class PostfixQueue(NodeSettings settings, ILogger<PostfixQueue> logger)
{
    private const int AttemptsAtOnce = 50; // a program each
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadingPatience = TimeSpan.FromMinutes(5); // of a queue of hundreds of thousands

    private readonly string _configuration = Path.Combine(settings.Home, "postfix");
    private readonly string _held = Path.Combine(settings.Home, "run", "postfix-queue", QueuedMessage.OnHold);
    private readonly string _deferLogs = Path.Combine(settings.Home, "run", "postfix-queue", "defer");

    /// <summary>The messages that a filter wants; null when the queue cannot be read. Reads past everything else, however long it is.</summary>
    public async Task<IReadOnlyList<QueuedMessage>?> ReadAsync(Func<QueuedMessage, bool> wanted, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        var found = new List<QueuedMessage>();
        var unread = 0;
        var ended = await RunAsync("postqueue", ["-c", _configuration, "-j"], [], line =>
        {
            if (QueuedMessage.Read(line) is not { } message) unread++;
            else if (wanted(message)) found.Add(message);
        }, stop, ReadingPatience);
        if (unread > 0) LogNotRead(unread);
        return ended && unread == 0 ? found : null;
    }

    /// <summary>Deletes messages, unless somebody has them in hand meanwhile.</summary>
    public async Task DeleteAsync(IReadOnlyCollection<string> ids, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count > 0) await RunAsync("postsuper", ["-c", _configuration, "-d", "-", "deferred", "hold"], ids, _ => { }, stop);
    }

    /// <summary>Puts messages on hold: they are not delivered until they are released. One that is being delivered is.</summary>
    public async Task HoldAsync(IReadOnlyCollection<string> ids, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count > 0) await RunAsync("postsuper", ["-c", _configuration, "-h", "-"], ids, _ => { }, stop);
    }

    /// <summary>Takes messages off hold.</summary>
    public async Task ReleaseAsync(IReadOnlyCollection<string> ids, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(ids);
        if (ids.Count > 0) await RunAsync("postsuper", ["-c", _configuration, "-H", "-"], ids, _ => { }, stop);
    }

    /// <summary>Has deferred messages attempted now; of many only some.</summary>
    public async Task AttemptAsync(IEnumerable<string> ids, CancellationToken stop)
    {
        foreach (var id in ids.Take(AttemptsAtOnce)) await RunAsync("postqueue", ["-c", _configuration, "-i", id], [], _ => { }, stop);
    }

    /// <summary>
    /// Takes recipients out of messages that are on hold, and leaves everything else in them as it is: no program of Postfix does that. One
    /// that is released in the same moment is not changed, or its delivery has read all recipients already.
    /// </summary>
    public void TakeOut(IEnumerable<string> ids, Func<string, bool> isGone)
    {
        ArgumentNullException.ThrowIfNull(ids);
        foreach (var id in ids)
        {
            try
            {
                var held = Path.Combine(_held, id);
                using (var file = new FileStream(held, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete))
                {
                    QueueFile.TakeOut(file, isGone);
                    file.Flush(flushToDisk: true);
                }

                // Postfix names recipients in its notes on the last attempt, too, which it throws away at the next one. No attempt is made on hold.
                if (!Directory.Exists(_deferLogs)) continue;
                foreach (var notes in Directory.EnumerateFiles(_deferLogs, id, SearchOption.AllDirectories).Where(_ => File.Exists(held))) File.Delete(notes);
            }
            catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
            {
                // Released or deleted meanwhile: the next round sees what has become of it.
            }
        }
    }

    private async Task<bool> RunAsync(string program, string[] arguments, IReadOnlyCollection<string> input, Action<string> read, CancellationToken stop, TimeSpan? patience = null)
    {
        var failure = await ServerProgram.RunAsync(program, arguments, input, read, patience ?? Patience, stop);
        if (failure is not null) LogFailed(program, failure);
        return failure is null;
    }

    [LoggerMessage(1, LogLevel.Warning, "{Program} failed: {Failure}")]
    private partial void LogFailed(string program, string failure);

    [LoggerMessage(2, LogLevel.Error, "{Count} lines of the queue's list are not understood")]
    private partial void LogNotRead(int count);
}
