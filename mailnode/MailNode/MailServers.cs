using System.Text;

namespace Hikyaku.MailNode;

/// <summary>What the agent asks of the servers' programs on its machine.</summary>
public sealed partial class MailServers(NodeSettings settings, Doveadm doveadm, ILogger<MailServers> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private IReadOnlyDictionary<string, string>? _versions;
    private volatile bool _dovecotReadsTheOld;

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

    /// <summary>The replica is about to be exchanged: until Dovecot was told, it lets in whom the old one lets in.</summary>
    public void WillLookAgain() => _dovecotReadsTheOld = true;

    /// <summary>Whether Dovecot reads the replica that is there; tells it when it was not.</summary>
    public async Task<bool> DovecotReadsTheNewAsync(CancellationToken stop)
    {
        if (_dovecotReadsTheOld && await doveadm.ReloadAsync(stop)) _dovecotReadsTheOld = false;
        return !_dovecotReadsTheOld;
    }

    /// <summary>Makes the servers open the replica again: they would go on reading a file that was exchanged.</summary>
    public async Task LookAgainAsync(CancellationToken stop)
    {
        if (!await DovecotReadsTheNewAsync(stop)) LogNotReached("Dovecot");
        var configuration = Path.Combine(settings.Home, "postfix");
        if (await RunAsync("postfix", ["-c", configuration, "reload"], stop) is null) LogNotReached("Postfix");
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

    [LoggerMessage(1, LogLevel.Information, "{Server} was not told to read the replica anew; it does when it is told or starts")]
    private partial void LogNotReached(string server);

    [LoggerMessage(2, LogLevel.Warning, "{Program} does not run: {Failure}")]
    private partial void LogNotRun(string program, string failure);
}
