using System.Diagnostics;
using System.Globalization;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Bench.Chaos;

/// <summary>One process that was killed.</summary>
internal sealed record Kill(string Program, DateTimeOffset At);

/// <summary>
/// Kills one program of the copy after the other with SIGKILL, every few seconds, in an order that the seed decides; the
/// supervisor brings each back. A process is killed by its id and only when it works below the copy's folder.
/// </summary>
internal sealed class Killer(string home, Random random)
{
    /// <summary>All but the capturing outbox, which only keeps in memory what the mail servers sent.</summary>
    public static readonly string[] Programs =
    [
        .. DeployedProgram.All.Where(p => p.Broker.Count > 0).Select(p => p.Name), "rabbitmq", "postgres", "dovecot", "postfix", "rspamd",
    ];

    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(2), Longest = TimeSpan.FromSeconds(7);
    private readonly List<Kill> _kills = [];

    public IReadOnlyList<Kill> Kills => _kills;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
#pragma warning disable CA5394 // a seed must give the same order again
            var pause = Shortest + ((Longest - Shortest) * random.NextDouble());
            var program = Programs[random.Next(Programs.Length)];
#pragma warning restore CA5394
            await Task.Delay(pause, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!stop.IsCancellationRequested) await KillAsync(program);
        }
    }

    private async Task KillAsync(string program)
    {
        // Postfix's master is the child of a shell that the supervisor watches; it ends with it.
        var id = program == "postfix" ? await ReadAsync(Path.Combine(home, "mailnode", "run", "postfix-queue", "pid", "master.pid")) : await SupervisedAsync(program);
        if (!int.TryParse(id, NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var process) || process <= 0) return;
        try
        {
            if (Directory.ResolveLinkTarget($"/proc/{process}/cwd", returnFinalTarget: false)?.FullName.StartsWith(home + "/", StringComparison.Ordinal) != true) return;
            _kills.Add(new(program, DateTimeOffset.UtcNow));
            Process.GetProcessById(process).Kill(); // SIGKILL
        }
        catch (Exception e) when (e is IOException or ArgumentException or InvalidOperationException)
        {
            // it has just ended by itself (Postfix's master without its database, for example)
        }
    }

    // Postfix keeps the file locked, and .NET refuses to open a locked file.
    private static Task<string> ReadAsync(string file) => Shell.OutputAsync("cat", file);

    private Task<string> SupervisedAsync(string program) => Shell.OutputAsync("supervisorctl", "-c", Path.Combine(home, "supervisor", "supervisord.conf"), "pid", program);
}

/// <summary>Runs another program to its end.</summary>
internal static class Shell
{
    public static async Task<string> OutputAsync(string program, params string[] arguments) => (await RunAsync(program, arguments)).Output;

    public static async Task<(int Code, string Output)> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output + await errors);
    }
}
