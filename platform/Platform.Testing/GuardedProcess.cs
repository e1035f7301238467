using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// A server that lives as long as the test process at most, even when that is killed: a shell (guard.sh) waits on a pipe
/// from here and ends the server when the pipe ends.
/// </summary>
public sealed class GuardedProcess : IAsyncDisposable
{
    private static readonly TimeSpan EndWithin = TimeSpan.FromSeconds(20);
    private static readonly string Script = ReadScript();

    private readonly string _folder;
    private readonly Process _guard;

    /// <param name="folder">The server's folder; its output goes to server.log there.</param>
    /// <param name="user">Who runs it, when the tests run as root.</param>
    /// <param name="endSignal">What ends it, like KILL.</param>
    /// <param name="environment">Added to the test process's own.</param>
    /// <param name="command">The program and its arguments.</param>
    public GuardedProcess(string folder, string user, string endSignal, IReadOnlyDictionary<string, string> environment, IEnumerable<string> command)
    {
        _folder = folder;
        // A session of its own: Ctrl+C at the terminal must reach the tests first.
        var start = new ProcessStartInfo("setsid", ["bash", "-c", Script, "guard", folder, endSignal, .. As(user), .. command])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        _guard = Process.Start(start)!;
    }

    /// <summary>Whether it has ended by itself.</summary>
    public bool Ended => _guard.HasExited;

    /// <summary>The last of what it has printed, as a failure's message needs it, or more.</summary>
    public async Task<string> OutputAsync(int lines = 30)
    {
        var file = Path.Combine(_folder, "server.log");
        return File.Exists(file) ? string.Join('\n', (await File.ReadAllLinesAsync(file)).TakeLast(lines)) : "(no output)";
    }

    /// <summary>Ends it at once and keeps its folder.</summary>
    public Task StopAsync() => EndAsync("stop");

    /// <summary>Lets it end by itself (SIGTERM) and keeps its folder.</summary>
    public Task ShutDownAsync() => EndAsync("shutdown");

    /// <summary>Lets it stand still (SIGSTOP), as a machine that sleeps or a network that is cut does.</summary>
    public async Task PauseAsync()
    {
        await _guard.StandardInput.WriteLineAsync("pause");
        await Eventually.Async(() => File.Exists(Path.Combine(_folder, "paused")));
    }

    /// <summary>Lets it go on.</summary>
    public Task ResumeAsync() => _guard.StandardInput.WriteLineAsync("resume");

    /// <summary>Ends it at once and removes its folder.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_guard.HasExited) await EndAsync();
        _guard.Dispose();
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Runs a program to its end, as <paramref name="user"/> when the tests run as root; answers what it prints.</summary>
    public static async Task<string> RunAsync(string user, params string[] command)
    {
        string[] all = [.. As(user), .. command];
        using var process = Process.Start(new ProcessStartInfo(all[0], all[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{string.Join(' ', all)} ended with {process.ExitCode}: {await output}{errors}");
        return await output;
    }

    private async Task EndAsync(string word)
    {
        if (_guard.HasExited) return;
        await _guard.StandardInput.WriteLineAsync(word);
        await EndAsync();
    }

    private async Task EndAsync()
    {
        _guard.StandardInput.Close();
        using var limit = new CancellationTokenSource(EndWithin);
        await _guard.WaitForExitAsync(limit.Token);
    }

    // PostgreSQL does not run as root, and RabbitMQ should not.
    private static IEnumerable<string> As(string user) => Environment.IsPrivilegedProcess
        ? ["setpriv", string.Create(CultureInfo.InvariantCulture, $"--reuid={user}"), $"--regid={user}", "--init-groups", "--"]
        : [];

    private static string ReadScript()
    {
        using var reader = new StreamReader(typeof(GuardedProcess).Assembly.GetManifestResourceStream("guard.sh")!);
        return reader.ReadToEnd();
    }
}
