namespace Hikyaku.MailNode;

/// <summary>Postfix's queue on this machine, by its own programs: postqueue(1) and postsuper(1).</summary>
public sealed partial class PostfixQueue(NodeSettings settings, TimeProvider time, ILogger<PostfixQueue> logger)
{
    private const int AttemptsAtOnce = 50; // a program each
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadingPatience = TimeSpan.FromMinutes(5); // of a queue of hundreds of thousands
    private static readonly TimeSpan UsualTakingIn = TimeSpan.FromMinutes(15);

    private readonly string _configuration = Path.Combine(settings.Home, "postfix");

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

    /// <summary>Has deferred messages attempted now; of many only some.</summary>
    public async Task AttemptAsync(IEnumerable<string> ids, CancellationToken stop)
    {
        foreach (var id in ids.Take(AttemptsAtOnce)) await RunAsync("postqueue", ["-c", _configuration, "-i", id], [], _ => { }, stop);
    }

    /// <summary>
    /// When the oldest message that is being taken in now was begun; null when there is none. Its recipients were judged then,
    /// and no list of the queue has it yet. Its file is not executable (Postfix's sign for "not whole"). A sender may take hours
    /// over one, and the file's times go on with it; its name does not. What a crash has left behind nobody has open.
    /// </summary>
    public DateTimeOffset? OldestUnfinished()
    {
        var incoming = Path.Combine(settings.Home, "run", "postfix-queue", "incoming");
        DateTimeOffset? oldest = null;
        var beingWritten = new Lazy<HashSet<string>?>(BeingWritten);
        if (!Directory.Exists(incoming)) return null; // Postfix has never run
        foreach (var file in Directory.EnumerateFiles(incoming))
        {
#pragma warning disable CA1416 // nodes are Linux machines
            if (!IsThere(() => File.GetUnixFileMode(file), out var mode) || mode.HasFlag(UnixFileMode.UserExecute)) continue;
#pragma warning restore CA1416
            // A short queue id has no time in it; the message may be of any age.
            var begun = QueueId.Begun(Path.GetFileName(file)) ?? DateTimeOffset.MinValue;
            if (begun >= oldest || (time.GetUtcNow() - begun > UsualTakingIn && beingWritten.Value?.Contains(Path.GetFileName(file)) == false)) continue;
            oldest = begun;
        }

        return oldest;
    }

    // The queue files that cleanup(8) processes have open. /proc shows their paths with links resolved. Null if they cannot be seen.
    private HashSet<string>? BeingWritten()
    {
        try
        {
            return [.. Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(Path.GetFileName(p)[0]))
                .Where(p => IsThere(() => File.ReadAllText(Path.Combine(p, "comm")), out var program) && program == "cleanup\n")
                .SelectMany(p => IsThere(() => Directory.GetFileSystemEntries(Path.Combine(p, "fd")), out var open) ? open! : [])
                .Select(fd => IsThere(() => new FileInfo(fd).LinkTarget, out var target) ? target : null)
                .OfType<string>().Where(f => f.Contains("/incoming/", StringComparison.Ordinal)).Select(f => Path.GetFileName(f))];
        }
        catch (UnauthorizedAccessException e)
        {
            LogNotSeen(e);
            return null;
        }
    }

    private static bool IsThere<T>(Func<T> read, out T? value)
    {
        try
        {
            value = read();
            return true;
        }
        catch (IOException)
        {
            value = default;
            return false; // taken in meanwhile, or the process has ended
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

    [LoggerMessage(3, LogLevel.Warning, "Whether an old message in Postfix's queue is still being taken in cannot be seen; deleted accounts wait for it")]
    private partial void LogNotSeen(Exception e);

    [LoggerMessage(2, LogLevel.Error, "{Count} lines of the queue's list are not understood")]
    private partial void LogNotRead(int count);
}
