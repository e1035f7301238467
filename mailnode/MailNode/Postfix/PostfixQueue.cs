namespace Hikyaku.MailNode;

/// <summary>Postfix's queue on this machine, by its own programs: postqueue(1) and postsuper(1).</summary>
public sealed partial class PostfixQueue(NodeSettings settings, ILogger<PostfixQueue> logger)
{
    private const int AttemptsAtOnce = 50; // a program each
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadingPatience = TimeSpan.FromMinutes(5); // of a queue of hundreds of thousands

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
