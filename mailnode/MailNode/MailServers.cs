using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// What the agent asks of the servers' programs on its machine. Above all that they open the replica again when another file has
/// taken its place: what they have open they go on reading. Until they have been told, the node obeys nothing
/// (<see cref="Lease"/>). Which one that was stands in a note for each, so that an agent that is killed before it has told them
/// tells them when it is back.
/// </summary>
public sealed partial class MailServers(NodeSettings settings, Doveadm doveadm, TimeProvider time, ILogger<MailServers> logger) : IDisposable
{
    private const string PostfixMaster = "/usr/lib/postfix/sbin/master"; // daemon_directory in main.cf
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // How long Dovecot needs after the reload signal; the command's success only says that the signal was sent.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turn = new(1);
    private readonly SemaphoreSlim _asking = new(1);
    private IReadOnlyDictionary<string, string>? _versions;
    private volatile string? _reading;
    private long _lingerUntil;
    private bool _failing;

    /// <summary>Until when somebody may still be let in by what a replica says that is no more.</summary>
    public DateTimeOffset LingerUntil => DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _lingerUntil));

    /// <summary>Their versions, without a server that is not installed here.</summary>
    public async Task<IReadOnlyDictionary<string, string>> VersionsAsync(CancellationToken stop)
    {
        // Asked by the leases of several services at once.
        await _asking.WaitAsync(stop);
        try
        {
            return _versions ??= await AskVersionsAsync(stop);
        }
        finally
        {
            _asking.Release();
        }
    }

    private async Task<IReadOnlyDictionary<string, string>> AskVersionsAsync(CancellationToken stop)
    {
        var versions = new Dictionary<string, string>();
        if (await RunAsync("postconf", ["-d", "-h", "mail_version"], stop) is { Length: > 0 } postfix) versions["postfix"] = postfix.Trim();
        if (await RunAsync("dovecot", ["--version"], stop) is { Length: > 0 } dovecot) versions["dovecot"] = dovecot.Split(' ')[0].Trim();
        if (await RunAsync("rspamd", ["--version"], stop) is { Length: > 0 } rspamd) versions["rspamd"] = rspamd.Split(' ')[^1].Trim();
        if (await RunAsync("clamd", ["--version"], stop) is { Length: > 0 } clamav) versions["clamav"] = clamav.Split(' ', '/')[1].Trim();
        return versions;
    }

    /// <summary>Whether the servers are known to read a replica, by its identity.</summary>
    public bool AreReading(string identity) => _reading == identity;

    /// <summary>Makes the servers read the replica that is there, unless they do. Whoever does not run reads it when it starts.</summary>
    /// <param name="identity">The replica's that is there.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Whether they read it; when not, it is to be asked again.</returns>
    public async Task<bool> MakeReadAsync(string identity, CancellationToken stop)
    {
        if (AreReading(identity)) return true;
        await _turn.WaitAsync(stop);
        try
        {
            // Device and inode tell whether the file is another one. The identity is needed as well, because inode numbers are reused.
            if (await RunAsync("stat", ["-c", "%d:%i", settings.Replica, settings.Replica + "-shm"], stop) is not { } files) return false;
            var which = $"{files.ReplaceLineEndings(" ")}{identity}";
            // Both are always told: if one fails, the other one must not go on reading the old replica.
            var dovecot = await TellAsync(which, settings.DovecotReads, TellDovecotAsync, stop);
            var postfix = await TellAsync(which, settings.PostfixReads, TellPostfixAsync, stop);
            var told = dovecot is not Reloading.Failed && postfix is not Reloading.Failed;
            if (!told && !_failing) LogNotTold(dovecot, postfix);
            if (told && _failing) LogToldAtLast();
            _failing = !told;
            if (!told) return false;
            LingerFrom(dovecot == Reloading.NotNeeded && File.Exists(settings.DovecotReads) ? File.GetLastWriteTimeUtc(settings.DovecotReads) : time.GetUtcNow());
            if (dovecot == Reloading.Begun || postfix == Reloading.Begun) await Task.Delay(Settling, time, stop);
            _reading = identity;
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _turn.Dispose();
        _asking.Dispose();
    }

    // The note's time is when Dovecot was told, perhaps by an agent that was killed since.
    private void LingerFrom(DateTimeOffset told)
    {
        var now = time.GetUtcNow();
        Interlocked.Exchange(ref _lingerUntil, ((told < now ? told : now) + settings.OldReadersLinger).ToUnixTimeMilliseconds());
    }

    private async Task<Reloading> TellAsync(string which, string note, Func<CancellationToken, Task<Reloading>> tell, CancellationToken stop)
    {
        try
        {
            if (File.Exists(note) && await File.ReadAllTextAsync(note, stop) == which) return Reloading.NotNeeded;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotNoted(e, note);
        }

        var told = await tell(stop);
        try
        {
            if (told is not Reloading.Failed) await File.WriteAllTextAsync(note, which, stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotNoted(e, note); // it is told once more when the agent starts
        }

        return told;
    }

    private Task<Reloading> TellDovecotAsync(CancellationToken stop) => doveadm.ReloadAsync(stop);

    private async Task<Reloading> TellPostfixAsync(CancellationToken stop)
    {
        var configuration = Path.Combine(settings.Home, "postfix");
        // `master -t` succeeds only if no master runs (master(8)). `postfix status` does not tell that from an error.
        if (await ServerProgram.RunAsync(PostfixMaster, ["-c", configuration, "-t"], [], _ => { }, Patience, stop) is null or ServerProgram.NotInstalled) return Reloading.NotNeeded;
        // Its output goes to /dev/null: a child that tidies a long queue for minutes would keep a pipe open.
        var failure = await ServerProgram.RunAsync("sh", ["-c", "exec postfix -c \"$1\" reload >/dev/null 2>&1", "sh", configuration], [], _ => { }, Patience, stop);
        return failure is null ? Reloading.Begun : Reloading.Failed;
    }

    // Returns null if the program fails.
    private async Task<string?> RunAsync(string program, string[] arguments, CancellationToken stop)
    {
        var output = new StringBuilder();
        var failure = await ServerProgram.RunAsync(program, arguments, [], line => output.AppendLine(line), Patience, stop);
        if (failure is null) return output.ToString();
        LogNotRun(program, failure);
        return null;
    }

    [LoggerMessage(1, LogLevel.Warning, "Dovecot and Postfix are to read a new replica: {Dovecot}, {Postfix}; while one of them cannot be told, changes are not in force on this node")]
    private partial void LogNotTold(Reloading dovecot, Reloading postfix);

    [LoggerMessage(2, LogLevel.Warning, "{Program} does not run: {Failure}")]
    private partial void LogNotRun(string program, string failure);

    [LoggerMessage(3, LogLevel.Information, "Dovecot and Postfix read the new replica")]
    private partial void LogToldAtLast();

    [LoggerMessage(4, LogLevel.Warning, "{File} cannot be read or written")]
    private partial void LogNotNoted(Exception e, string file);
}
