using System.Diagnostics;
using Hikyaku.Bench.Chaos;

namespace Hikyaku.Bench;

/// <summary>PERF-13: an agent without a replica is started; until it has listed 100,000 accounts and serves.</summary>
internal static class ReplicaOfMany
{
    private const int Accounts = 100_000, Runs = 5;
    private const double MustReachSeconds = 20;

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        await ManyAccounts.DomainOfAsync(platform, Accounts);
        var (listed, alone, size) = (new List<double>(), new List<double>(), 0L);
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            var seconds = await ListedAsync(platform);
            var list = await ListAloneAsync(platform);
            if (run == 0) continue;
            listed.Add(seconds);
            alone.Add(list.Seconds);
            size = list.Bytes;
        }

        report.Line($"{Runs} runs after a warm-up: the agent is stopped, its replica removed, the agent started; until its health says that it serves, the start of the process included. Accounts opened by {ManyAccounts.HowFilled}. Median (minimum–maximum).");
        report.Table(
            ["", "s"],
            [$"replica of {Accounts:N0} accounts", Report.Spread(listed, "0.0")],
            [$"of that the list alone, {size / 1_000_000:N0} MB, read and thrown away", Report.Spread(alone, "0.0")]);
        report.Line($"Must reach: ≤ {MustReachSeconds} s. {(listed.Max() <= MustReachSeconds ? "Reached" : "Not reached")}.");
    }

    private static async Task<double> ListedAsync(RunningPlatform platform)
    {
        string[] supervisor = ["-c", Path.Combine(platform.Home, "supervisor", "supervisord.conf")];
        await Shell.OutputAsync("supervisorctl", [.. supervisor, "stop", "mailnode"]);
        foreach (var file in Directory.GetFiles(Path.Combine(platform.Home, "mailnode"), "replica.db*")) File.Delete(file);
        var watch = Stopwatch.StartNew();
        await Shell.OutputAsync("supervisorctl", [.. supervisor, "start", "mailnode"]);
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        while (!await IsReadyAsync(http, new($"http://127.0.0.1:{platform.PortBase + 20}/health/ready")))
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(3)) throw new TimeoutException("The node does not become ready");
            await Task.Delay(50);
        }

        return watch.Elapsed.TotalSeconds;
    }

    private static async Task<bool> IsReadyAsync(HttpClient http, Uri health)
    {
        try
        {
            using var answer = await http.GetAsync(health);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false; // not started yet
        }
    }

    private static async Task<(double Seconds, long Bytes)> ListAloneAsync(RunningPlatform platform)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new("Bearer", $"mail1.{platform.Secret("node-credential")}");
        var watch = Stopwatch.StartNew();
        await using var list = await http.GetStreamAsync(new Uri($"http://127.0.0.1:{platform.PortBase + 10}/internal/node-state"));
        var (buffer, bytes) = (new byte[1 << 16], 0L);
        for (int read; (read = await list.ReadAsync(buffer)) > 0;) bytes += read;
        return (watch.Elapsed.TotalSeconds, bytes);
    }
}
