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
    private static readonly TimeSpan BetweenMeasurements = TimeSpan.FromSeconds(1); // the kernel lists ten thousand processes each time

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var (domain, replica) = (await platform.DomainAsync(), new NodeReplica(platform.Home));
        for (var i = 0; i < Accounts; i++) await platform.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = $"user{i:000}", password = RunningPlatform.Password });
        await platform.InForceAsync($"user{Accounts - 1:000}@{domain}");
        // Clients of different accounts alternate, so that not all clients of one account connect at the same time.
        string[] logins = [.. Enumerable.Range(0, ClientsOfOne).SelectMany(_ => Enumerable.Range(0, Accounts)).Select(i => $"user{i:000}@{domain}")];

        var node = new Place(platform.Server("imap").Port, Path.Combine(platform.Home, "mailnode", "run", "dovecot", "master.pid"), () => RestartAsync(platform));
        var (known, unknown) = (new List<Reconnected>(), new List<Reconnected>());
        var sessions = (await LogInAllAsync(node, logins)).Sessions;
        for (var run = 0; run <= Runs; run++)
        {
            // The last run is like one after a start of the machine, when the node has no verified passwords in memory.
            if (run == Runs) replica.ForgetPasswords();
            else await replica.KnowsAsync(Accounts);
            (var reconnected, sessions) = await ReconnectAsync(node, logins, sessions);
            (run == Runs ? unknown : known).Add(reconnected);
        }

        await RestartAsync(platform);
        await EndAsync(sessions);
        var bound = await BoundAsync(platform, replica.Accounts(domain), logins);

        report.Line(string.Create(CultureInfo.InvariantCulture, $"{logins.Length:N0} sessions ({Accounts} accounts with {ClientsOfOne} clients each), no TLS, each a process of Dovecot's; all log in again at once, on the two cores that the clients run on too, {ConnectingAtOnce} connecting at a time and again every {Pause.TotalSeconds} s when refused. Time since the restart was said (`supervisorctl restart dovecot`); memory is the greatest sum of what Dovecot's auth processes, which hash, have resident (RSS: what they share is counted once for each). Median (minimum–maximum) of {Runs} runs; one run where no password is known, and one of the same Dovecot with plain passwords in a passwd-file and no policy."));
        report.Table(
            ["", "Dovecot has restarted, s", "half are logged in, s", "all are logged in, s", "memory of the hashing processes, MB", "connections that failed on the way"],
            Row("passwords known", known),
            Row("no password known", unknown),
            Row("the bound: nothing to hash, to look up in the replica or to tell", [bound]));
        report.Line($"Must reach: all in ≤ 60 s, memory ≤ 1,024 MB. {(known.Concat(unknown).All(r => r is { All: <= 60, Megabytes: <= 1024 }) ? "Reached." : "Not reached in every run.")} The node takes {Report.Spread(known.Select(r => r.All / bound.All), "0.00")} × what the bound takes.");
    }

    private static async Task<Reconnected> BoundAsync(RunningPlatform platform, IEnumerable<(string Address, string Hash, string Folder)> accounts, string[] logins)
    {
        using var dovecot = await OtherDovecot.WithPasswdFileAsync(platform.Home, platform.PortBase + 301, accounts, _ => "{PLAIN}" + RunningPlatform.Password, "0");
        var place = new Place(dovecot.Port, dovecot.MasterProcess, dovecot.RestartAsync);
        var (reconnected, sessions) = await ReconnectAsync(place, logins, (await LogInAllAsync(place, logins)).Sessions);
        await dovecot.RestartAsync();
        await EndAsync(sessions);
        return reconnected;
    }

    private static string[] Row(string what, List<Reconnected> runs) =>
    [
        what, Report.Spread(runs.Select(r => r.Restarted), "0.0"), Report.Spread(runs.Select(r => r.Half), "0.0"), Report.Spread(runs.Select(r => r.All), "0.0"),
        Report.Spread(runs.Select(r => r.Megabytes)), Report.Spread(runs.Select(r => (double)r.Refused)),
    ];

    private static async Task<(Reconnected Reconnected, IReadOnlyList<ImapSession> Sessions)> ReconnectAsync(Place place, string[] logins, IReadOnlyList<ImapSession> sessions)
    {
        var watch = Stopwatch.StartNew();
        await place.RestartAsync();
        var restarted = watch.Elapsed.TotalSeconds;
        await EndAsync(sessions);
        var ended = watch.Elapsed.TotalSeconds;
        var (again, half, memory, refused) = await LogInAllAsync(place, logins);
        return (new(restarted, ended + half, watch.Elapsed.TotalSeconds, memory, refused), again);
    }

    private static async Task EndAsync(IReadOnlyList<ImapSession> sessions)
    {
        await Task.WhenAll(sessions.Select(s => s.EndedAsync()));
        foreach (var session in sessions) session.Dispose();
    }

    private static async Task<(IReadOnlyList<ImapSession> Sessions, double Half, double Megabytes, int Refused)> LogInAllAsync(Place place, string[] logins)
    {
        var watch = Stopwatch.StartNew();
        using var limit = new CancellationTokenSource(Patience);
        using var turns = new SemaphoreSlim(ConnectingAtOnce);
        using var done = CancellationTokenSource.CreateLinkedTokenSource(limit.Token);
        var memory = GreatestMemoryAsync(place.MasterProcess, done.Token);
        var (loggedIn, half, refused) = (0, 0.0, 0);
        var sessions = await Task.WhenAll(logins.Select(async login =>
        {
            await turns.WaitAsync(limit.Token);
            try
            {
                while (true)
                {
                    try
                    {
                        var session = await ImapSession.LogInAsync(place.Port, login, RunningPlatform.Password, limit.Token);
                        if (Interlocked.Increment(ref loggedIn) == logins.Length / 2) half = watch.Elapsed.TotalSeconds;
                        return session;
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
        return (sessions, half, await memory, refused);
    }

    private static async Task RestartAsync(RunningPlatform platform)
    {
        using var restart = Process.Start(new ProcessStartInfo("supervisorctl", ["-c", Path.Combine(platform.Home, "supervisor", "supervisord.conf"), "restart", "dovecot"]) { RedirectStandardOutput = true })!;
        await restart.StandardOutput.ReadToEndAsync();
        await restart.WaitForExitAsync();
    }

    private static async Task<double> GreatestMemoryAsync(string masterProcess, CancellationToken done)
    {
        var greatest = 0.0;
        var isAuth = new Dictionary<string, bool>(StringComparer.Ordinal); // by process: to ask ten thousand each time would take a core
        using var timer = new PeriodicTimer(BetweenMeasurements);
        try
        {
            while (await timer.WaitForNextTickAsync(done)) greatest = Math.Max(greatest, Memory(masterProcess, isAuth));
        }
        catch (OperationCanceledException)
        {
            // all clients are logged in
        }

        return greatest;
    }

    private static double Memory(string masterProcess, Dictionary<string, bool> isAuth)
    {
        if (!File.Exists(masterProcess)) return 0;
        try
        {
            var master = File.ReadAllText(masterProcess).Trim();
            var children = File.ReadAllText($"/proc/{master}/task/{master}/children");
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
                if (!command.Contains("/sbin/", StringComparison.Ordinal)) isAuth[process] = auth; // otherwise it was forked just now and has not executed its program yet
            }

            return auth ? MemoryOf.Megabytes(process) : 0;
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            return 0; // it has just ended
        }
    }

    private sealed record Reconnected(double Restarted, double Half, double All, double Megabytes, int Refused);

    /// <summary>A Dovecot: where it listens, the file that names its master process, how it is restarted.</summary>
    private sealed record Place(int Port, string MasterProcess, Func<Task> RestartAsync);
}
