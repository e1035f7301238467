using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;

namespace Hikyaku.Bench;

/// <summary>PERF-16: ten thousand IMAP clients that all come back at once after a restart of Dovecot.</summary>
internal static class ReconnectOfEverybody
{
    private const int Runs = 3;
    private const int Accounts = 500;
    private const int ClientsOfOne = 20;
    private const int ConnectingAtOnce = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var (domain, replica) = (await platform.DomainAsync(), new NodeReplica(platform.Home));
        for (var i = 0; i < Accounts; i++) await platform.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = $"user{i:000}", password = RunningPlatform.Password });
        await platform.InForceAsync($"user{Accounts - 1:000}@{domain}");
        // In turn by account, so that not all clients of one come together.
        string[] logins = [.. Enumerable.Range(0, ClientsOfOne).SelectMany(_ => Enumerable.Range(0, Accounts)).Select(i => $"user{i:000}@{domain}")];

        var (known, unknown) = (new List<Reconnected>(), new List<Reconnected>());
        var sessions = (await LogInAllAsync(platform, logins)).Sessions;
        for (var run = 0; run <= Runs; run++)
        {
            // The last one as after a start of the machine, when no password is known.
            if (run == Runs) replica.ForgetPasswords();
            else await replica.KnowsAsync(Accounts);
            var watch = Stopwatch.StartNew();
            await RestartAsync(platform);
            var restarted = watch.Elapsed.TotalSeconds;
            await Task.WhenAll(sessions.Select(s => s.EndedAsync()));
            foreach (var session in sessions) session.Dispose();
            var (again, memory, refused) = await LogInAllAsync(platform, logins);
            sessions = again;
            (run == Runs ? unknown : known).Add(new(restarted, watch.Elapsed.TotalSeconds, memory, refused));
        }

        foreach (var session in sessions) session.Dispose();
        report.Line(string.Create(CultureInfo.InvariantCulture, $"{logins.Length:N0} sessions ({Accounts} accounts with {ClientsOfOne} clients each), no TLS, each a process of Dovecot's; all log in again at once, on the two cores that the clients run on too, {ConnectingAtOnce} connecting at a time and again every {Pause.TotalSeconds} s when refused. Time since `supervisorctl restart dovecot` was said; memory is the greatest sum of what Dovecot's auth processes, which hash, have resident (RSS: what they share is counted once for each). Median (minimum–maximum) of {Runs} runs; one run where no password is known."));
        report.Table(
            ["", "Dovecot has restarted, s", "all are logged in, s", "memory of the hashing processes, MB", "connections that failed on the way"],
            Row("passwords known", known),
            Row("no password known", unknown));
        report.Line($"Must reach: all in ≤ 60 s, memory ≤ 1,024 MB. {(known.Concat(unknown).All(r => r is { All: <= 60, Megabytes: <= 1024 }) ? "Reached." : "Not reached in every run.")}");
    }

    private static string[] Row(string what, List<Reconnected> runs) =>
    [
        what, Report.Spread(runs.Select(r => r.Restarted), "0.0"), Report.Spread(runs.Select(r => r.All), "0.0"),
        Report.Spread(runs.Select(r => r.Megabytes)), Report.Spread(runs.Select(r => (double)r.Refused)),
    ];

    private static async Task<(IReadOnlyList<ImapSession> Sessions, double Megabytes, int Refused)> LogInAllAsync(RunningPlatform platform, string[] logins)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var turns = new SemaphoreSlim(ConnectingAtOnce);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var memory = GreatestMemoryAsync(platform, done.Token);
        var (port, refused) = (platform.Server("imap").Port, 0);
        var sessions = await Task.WhenAll(logins.Select(async login =>
        {
            await turns.WaitAsync(limit.Token);
            try
            {
                while (true)
                {
                    try
                    {
                        return await ImapSession.LogInAsync(port, login, RunningPlatform.Password, limit.Token);
                    }
                    catch (Exception e) when (e is IOException or SocketException)
                    {
                        Interlocked.Increment(ref refused);
                        await Task.Delay(Pause, limit.Token);
                    }
                }
            }
            finally
            {
                turns.Release();
            }
        }));
        await done.CancelAsync();
        return (sessions, await memory, refused);
    }

    private static async Task RestartAsync(RunningPlatform platform)
    {
        using var restart = Process.Start(new ProcessStartInfo("supervisorctl", ["-c", Path.Combine(platform.Home, "supervisor", "supervisord.conf"), "restart", "dovecot"]) { RedirectStandardOutput = true })!;
        await restart.StandardOutput.ReadToEndAsync();
        await restart.WaitForExitAsync();
    }

    private static async Task<double> GreatestMemoryAsync(RunningPlatform platform, CancellationToken done)
    {
        var greatest = 0.0;
        var isAuth = new Dictionary<string, bool>(StringComparer.Ordinal); // by process: to ask ten thousand each time would take a core
        using var timer = new PeriodicTimer(Pause);
        try
        {
            while (await timer.WaitForNextTickAsync(done)) greatest = Math.Max(greatest, Memory(platform, isAuth));
        }
        catch (OperationCanceledException)
        {
            // all are in
        }

        return greatest;
    }

    private static double Memory(RunningPlatform platform, Dictionary<string, bool> isAuth)
    {
        var master = Path.Combine(platform.Home, "mailnode", "run", "dovecot", "master.pid");
        if (!File.Exists(master)) return 0;
        try
        {
            var children = File.ReadAllText($"/proc/{File.ReadAllText(master).Trim()}/task/{File.ReadAllText(master).Trim()}/children");
            return children.Split(' ', StringSplitOptions.RemoveEmptyEntries).Sum(p => AuthMegabytes(p, isAuth));
        }
        catch (IOException)
        {
            return 0; // it restarts
        }
    }

    private static double AuthMegabytes(string process, Dictionary<string, bool> isAuth)
    {
        try
        {
            if (!isAuth.TryGetValue(process, out var auth))
            {
                var command = File.ReadAllText($"/proc/{process}/cmdline");
                auth = command.Contains("/auth", StringComparison.Ordinal);
                if (!command.Contains("/sbin/", StringComparison.Ordinal)) isAuth[process] = auth; // else it was forked just now and is not yet what it will be
            }

            if (!auth) return 0;
            var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            return double.Parse(line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return 0; // it has just ended
        }
    }

    private sealed record Reconnected(double Restarted, double All, double Megabytes, int Refused);
}
