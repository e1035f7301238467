using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Bench;

/// <summary>PERF-2: one account after the other is opened through the gateway, with what a password's hash really costs.</summary>
internal static class CreatingAmongMany
{
    private const int Samples = 300, WarmUp = 50;
    private static readonly int[] Sizes = [0, 15_000, 100_000];

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var domain = await ManyAccounts.DomainAsync(platform);
        var times = new List<List<double>>();
        foreach (var size in Sizes)
        {
            if (size > 0) await ManyAccounts.FillAsync(platform, domain, size);
            times.Add(await MeasureAsync(platform, domain, size));
        }

        report.Line($"{Samples} creations one after the other after {WarmUp} that warm up, in a domain with so many accounts already (opened by {ManyAccounts.HowFilled}); Argon2id at its real cost, fsync as ./dev up sets it.");
        report.Table(["existing accounts", "p50 ms", "p99 ms", "p50 to that at 0", "p99 to that at 0"], [.. Sizes.Select((s, i) => Row(s, times[i], times[0]))]);
        var worst = times.Max(t => Report.Percentile(t, 50) / Report.Percentile(times[0], 50));
        report.Line($"Must reach: ≤ 1.1 × at 0. {(worst <= 1.1 ? "Reached" : "Not reached")} (p50).");
    }

    private static string[] Row(int size, List<double> values, List<double> first)
    {
        var (p50, p99) = (Report.Percentile(values, 50), Report.Percentile(values, 99));
        return [$"{size:N0}", Text(p50, "0.0"), Text(p99, "0.0"), Text(p50 / Report.Percentile(first, 50), "0.00"), Text(p99 / Report.Percentile(first, 99), "0.00")];
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    private static async Task<List<double>> MeasureAsync(RunningPlatform platform, string domain, int size)
    {
        var times = new List<double>();
        for (var i = 0; i < Samples + WarmUp; i++)
        {
            var watch = Stopwatch.StartNew();
            await platform.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = string.Create(CultureInfo.InvariantCulture, $"at{size}.{i}"), password = RunningPlatform.Password });
            if (i >= WarmUp) times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times;
    }
}
