using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Bench;

/// <summary>PERF-3: pages, searches and sorts of the list of 100,000 accounts, at the gateway.</summary>
internal static class ListingMany
{
    private const int Accounts = 100_000, Runs = 5, Samples = 200, WarmUp = 20;
    private const double MustReachMs = 50;

    private static readonly (string What, string Query)[] Questions =
    [
        ("first page", ""),
        ("first page of 500", "limit=500"),
        ("a page in the middle", "limit=50&cursor=middle"),
        ("sorted by use, largest first", "sort=usedMb&order=desc"),
        ("sorted by age, newest first", "sort=createdAt&order=desc"),
        ("search: one hit, in an address", "query=person077777"),
        ("search: one hit, in a comment", "query=内線55555"),
        ("search: 20,000 hits, in comments", "query=営業部"),
        ("search: 20,000 hits, sorted by age", "query=営業部&sort=createdAt&order=desc"),
        ("search: no hit", "query=nobody-has-this"),
        ("search: no hit, two characters", "query=zz"),
    ];

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var path = $"/api/v1/domains/{await ManyAccounts.DomainOfAsync(platform, Accounts)}/accounts";
        var middle = (await platform.SendAsync(HttpMethod.Get, $"{path}?query=person0500&limit=1"))!["next"]!.GetValue<string>();
        var rows = Questions.Select(q => (q.What, Runs: new List<List<double>>())).ToList();
        for (var run = 0; run < Runs; run++)
        {
            for (var i = 0; i < rows.Count; i++)
                rows[i].Runs.Add(await MeasureAsync(platform, $"{path}?{Questions[i].Query.Replace("cursor=middle", $"cursor={middle}", StringComparison.Ordinal)}"));
        }

        report.Line($"{Runs} runs in turn of {Samples} requests one after the other after {WarmUp} that warm up, for each; median (minimum–maximum) of the runs. {Accounts:N0} accounts in one domain, opened by {ManyAccounts.HowFilled}.");
        static IEnumerable<double> Of(List<List<double>> runs, double percent) => runs.Select(r => Report.Percentile(r, percent));
        report.Table(["", "p50 ms", "p99 ms", "longest ms"], [.. rows.Select(r => new[] { r.What, Report.Spread(Of(r.Runs, 50), "0.0"), Report.Spread(Of(r.Runs, 99), "0.0"), Text(r.Runs.Max(t => t.Max())) })]);
        var worst = rows.Max(r => Report.Percentile(Of(r.Runs, 99), 50));
        report.Line($"Must reach: p99 ≤ {MustReachMs} ms. {(worst <= MustReachMs ? "Reached" : "Not reached")}: the worst p99 is {Text(worst)} ms.");
    }

    private static string Text(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static async Task<List<double>> MeasureAsync(RunningPlatform platform, string path)
    {
        var times = new List<double>();
        for (var i = 0; i < Samples + WarmUp; i++)
        {
            var watch = Stopwatch.StartNew();
            await platform.SendAsync(HttpMethod.Get, path);
            if (i >= WarmUp) times.Add(watch.Elapsed.TotalMilliseconds);
        }

        return times;
    }
}
