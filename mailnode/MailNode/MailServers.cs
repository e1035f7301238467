using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// What the agent asks of the servers' programs on its machine. Above all that they open the replica again when another file has
/// taken its place: what they have open they go on reading. Until they have been told, the node obeys nothing
/// (<see cref="Lease"/>). Which file that was stands beside it, so that an agent that is killed before it has told them tells
/// them when it is back.
/// </summary>
public sealed partial class MailServers(NodeSettings settings, Doveadm doveadm, TimeProvider time, ILogger<MailServers> logger) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    // Dovecot is told by a signal: that it was sent is all that the answer says.
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _turn = new(1);
    private IReadOnlyDictionary<string, string>? _versions;
    private volatile string? _readBy;
    private long _lingerUntil;
    private bool _failing;

    /// <summary>Until when somebody may still be let in by what a replica says that is no more.</summary>
    public DateTimeOffset LingerUntil => DateTimeOffset.FromUnixTimeMilliseconds(Interlocked.Read(ref _lingerUntil));

    /// <summary>Their versions, without a server that is not installed here.</summary>
    public async Task<IReadOnlyDictionary<string, string>> VersionsAsync(CancellationToken stop)
    {
        if (_versions is { } known) return known;
        var versions = new Dictionary<string, string>();
        if (await RunAsync("postconf", ["-d", "-h", "mail_version"], stop) is { Length: > 0 } postfix) versions["postfix"] = postfix.Trim();
        if (await RunAsync("dovecot", ["--version"], stop) is { Length: > 0 } dovecot) versions["dovecot"] = dovecot.Split(' ')[0].Trim();
        if (await RunAsync("rspamd", ["--version"], stop) is { Length: > 0 } rspamd) versions["rspamd"] = rspamd.Split(' ')[^1].Trim();
        return _versions = versions;
    }

    /// <summary>Whether the servers are known to read a replica, by its identity.</summary>
    public bool Read(string identity) => _readBy == identity;

    /// <summary>Makes the servers read the replica that is there, unless they do. Whoever does not run reads it when it starts.</summary>
    /// <param name="identity">The replica's that is there.</param>
    /// <param name="stop">Gives up.</param>
    /// <returns>Whether they read it; when not, it is to be asked again.</returns>
    public async Task<bool> ReadAsync(string identity, CancellationToken stop)
    {
        if (Read(identity)) return true;
        await _turn.WaitAsync(stop);
        try
        {
            // A file that was moved here is another one, whatever is in it.
            if (await RunAsync("stat", ["-c", "%d:%i", settings.Replica], stop) is not { } file) return false;
            if (await NotedAsync(stop) is var noted && noted != file)
            {
                if (!await TellAsync(isFirst: noted is null, stop)) return false;
                await NoteAsync(file, stop);
            }

            _readBy = identity;
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    // Before the first there was nothing to read.
    private async Task<bool> TellAsync(bool isFirst, CancellationToken stop)
    {
        var dovecot = await doveadm.ReloadAsync(stop);
        var told = dovecot is not Reloading.Failed && await TellPostfixAsync(stop);
        if (!told && !_failing) LogNotTold();
        if (told && _failing) LogToldAtLast();
        _failing = !told;
        if (!told || dovecot == Reloading.Away) return told;
        if (!isFirst) Interlocked.Exchange(ref _lingerUntil, (time.GetUtcNow() + settings.OldReadersLinger).ToUnixTimeMilliseconds());
        await Task.Delay(Settling, time, stop);
        return true;
    }

    // Null when there is no note, empty when it cannot be read.
    private async Task<string?> NotedAsync(CancellationToken stop)
    {
        try
        {
            return File.Exists(settings.ReplicaRead) ? await File.ReadAllTextAsync(settings.ReplicaRead, stop) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotNoted(e, settings.ReplicaRead);
            return "";
        }
    }

    private async Task NoteAsync(string file, CancellationToken stop)
    {
        try
        {
            await File.WriteAllTextAsync(settings.ReplicaRead, file, stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotNoted(e, settings.ReplicaRead); // they are told once more when the agent starts
        }
    }

    private async Task<bool> TellPostfixAsync(CancellationToken stop)
    {
        string[] configuration = ["-c", Path.Combine(settings.Home, "postfix")];
        // Says by its exit code whether it runs.
        return await ServerProgram.RunAsync("postfix", [.. configuration, "status"], [], _ => { }, Patience, stop) is not null
            || await RunAsync("postfix", [.. configuration, "reload"], stop) is not null;
    }

    // Null when it does not end well.
    private async Task<string?> RunAsync(string program, string[] arguments, CancellationToken stop)
    {
        var output = new StringBuilder();
        var failure = await ServerProgram.RunAsync(program, arguments, [], line => output.AppendLine(line), Patience, stop);
        if (failure is null) return output.ToString();
        LogNotRun(program, failure);
        return null;
    }

    [LoggerMessage(1, LogLevel.Warning, "Dovecot and Postfix cannot be told that there is a new replica; until they are, changes are not in force on this node")]
    private partial void LogNotTold();

    [LoggerMessage(2, LogLevel.Warning, "{Program} does not run: {Failure}")]
    private partial void LogNotRun(string program, string failure);

    [LoggerMessage(3, LogLevel.Information, "Dovecot and Postfix read the new replica")]
    private partial void LogToldAtLast();

    [LoggerMessage(4, LogLevel.Warning, "{File} cannot be read or written")]
    private partial void LogNotNoted(Exception e, string file);
}
