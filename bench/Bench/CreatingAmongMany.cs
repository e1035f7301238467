using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Bench;

/// <summary>PERF-2: one account after the other is opened through the gateway, with what a password's hash really costs.</summary>
internal static class CreatingAmongMany
{
    private const int Runs = 5, Samples = 1000, WarmUp = 100; // with 300 samples the p99 would depend on the third worst alone
    private static readonly int[] Sizes = [0, 15_000, 100_000];

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var domain = await ManyAccounts.DomainAsync(platform);
        var runs = new List<List<List<double>>>(); // of each size
        foreach (var size in Sizes)
        {
            if (size > 0) await ManyAccounts.FillAsync(platform, domain, size);
            await MeasureAsync(platform, domain, $"warm{size}", WarmUp);
            var times = new List<List<double>>();
            for (var run = 0; run < Runs; run++) times.Add(await MeasureAsync(platform, domain, $"at{size}.{run}", Samples));
            runs.Add(times);
        }

        report.Line($"{Runs} runs of {Samples} creations one after the other, after {WarmUp} that warm up; median (minimum–maximum) of the runs. In a domain with so many accounts already (opened by {ManyAccounts.HowFilled}); Argon2id at its real cost, fsync as ./dev up sets it.");
        report.Table(["existing accounts", "p50 ms", "p99 ms", "p50 to that at 0", "p99 to that at 0"], [.. Sizes.Select((s, i) => Row(s, runs[i], runs[0]))]);
        string Word(double percent) => runs.Max(r => Report.Percentile(Of(r, percent), 50)) <= 1.1 * Report.Percentile(Of(runs[0], percent), 50) ? "reached" : "not reached";
        report.Line($"Must reach: ≤ 1.1 × at 0. p50: {Word(50)}; p99: {Word(99)}.");
    }

    private static string[] Row(int size, List<List<double>> runs, List<List<double>> first)
    {
        string Ratio(double percent) => Report.Spread(Of(runs, percent).Zip(Of(first, percent), (a, b) => a / b), "0.00");
        return [string.Create(CultureInfo.InvariantCulture, $"{size:N0}"), Report.Spread(Of(runs, 50), "0.0"), Report.Spread(Of(runs, 99), "0.0"), Ratio(50), Ratio(99)];
    }

    private static IEnumerable<double> Of(List<List<double>> runs, double percent) => runs.Select(r => Report.Percentile(r, percent));

    private static async Task<List<double>> MeasureAsync(RunningPlatform platform, string domain, string names, int count)
    {
        var times = new List<double>();
        for (var i = 0; i < count; i++)
        {
            var watch = Stopwatch.StartNew();
            await platform.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = string.Create(CultureInfo.InvariantCulture, $"{names}.{i}"), password = RunningPlatform.Password });
            times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times;
    }
}
