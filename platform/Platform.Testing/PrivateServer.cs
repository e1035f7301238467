using System.Diagnostics;

namespace Hikyaku.Platform.Testing;

/// <summary>What private instances have in common: a folder, ports that stay, a start that is waited for.</summary>
internal abstract class PrivateServer(string user, string endSignal, int ports) : IServer
{
    private static readonly TimeSpan StartWithin = TimeSpan.FromSeconds(90);
    private GuardedProcess? _process;

    public int Port => Ports[0];

    public virtual int ManagementPort => 0;

    protected int[] Ports { get; } = ReservedPorts.Free(ports);

    protected string Home { get; } = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;

    public async Task StartAsync()
    {
        if (_process is null)
        {
            await PrepareAsync();
        }
        else
        {
            await _process.StopAsync();
        }

        _process = new GuardedProcess(Home, user, endSignal, Variables, Command);
        for (var since = Stopwatch.StartNew(); !await AnswersAsync(); await Task.Delay(50))
        {
            if (_process.Ended || since.Elapsed > StartWithin)
                throw new InvalidOperationException($"{GetType().Name} does not start:\n{await _process.OutputAsync()}");
        }
    }

    public virtual Task StopAsync() => _process?.StopAsync() ?? Task.CompletedTask;

    public Task ShutDownAsync() => _process?.ShutDownAsync() ?? Task.CompletedTask;

    public virtual async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.DisposeAsync();
    }

    protected abstract IReadOnlyDictionary<string, string> Variables { get; }

    protected abstract IEnumerable<string> Command { get; }

    /// <summary>Makes what the first start needs.</summary>
    protected abstract Task PrepareAsync();

    /// <summary>Whether it works already.</summary>
    protected abstract Task<bool> AnswersAsync();

    /// <summary>Gives the folder, and what is in it, to the server's user.</summary>
    protected Task HandOverAsync() => Environment.IsPrivilegedProcess
        ? GuardedProcess.RunAsync("root", "chown", "-R", $"{user}:{user}", Home)
        : Task.CompletedTask;
}
