using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Credentials;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Bench;

/// <summary>
/// PERF-1: 10,000 accounts from one file until all are in force, beside hashing those 10,000 passwords alone, in turn; and what a
/// simple read takes meanwhile.
/// </summary>
internal static class RegisteringInBulk
{
    private const int Runs = 5, Accounts = 10_000, Sample = 200, Reads = 500;
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(20);

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        List<double> registering = [], hashing = [], alone = [], beside = [];
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            var accounts = run == 0 ? Accounts / 10 : Accounts;
            var quiet = await ReadAsync(platform, () => false);
            var hashes = await HashAsync(accounts);
            var (seconds, reads) = await RegisterAsync(platform, accounts);
            if (run == 0) continue;
            registering.Add(seconds);
            hashing.Add(hashes);
            alone.Add(Report.Percentile(quiet, 99));
            beside.Add(Report.Percentile(reads, 99));
        }

        var ratios = registering.Zip(hashing, (r, h) => r / h).ToList();
        report.Line(string.Create(CultureInfo.InvariantCulture, $"{Runs} runs in turn after a warm-up, each {Accounts:N0} accounts in a domain of its own; of each {Sample} then log in by IMAP. Argon2id m=19456, t=2, p=1; fsync as ./dev up sets it. Median (minimum–maximum)."));
        report.Table(
            ["", "s", "accounts/s and core"],
            ["registered and in force", Report.Spread(registering, "0.0"), PerCore(registering)],
            ["the same passwords hashed alone, on as many threads as there are cores", Report.Spread(hashing, "0.0"), PerCore(hashing)],
            ["ratio", Report.Spread(ratios, "0.00"), ""]);
        report.Table(
            ["GET /domains/{name} through the gateway, one after the other", "p99 ms"],
            ["nothing else to do", Report.Spread(alone, "0.0")], ["while the job runs", Report.Spread(beside, "0.0")]);
        report.Line($"Must reach: ≤ 1.15 ×. {(Report.Percentile(ratios, 50) <= 1.15 ? "Reached" : "Not reached")}. A read's p99 at most doubled: {(Report.Percentile(beside, 50) <= 2 * Report.Percentile(alone, 50) ? "reached" : "not reached")}.");
    }

    private static string PerCore(List<double> seconds) => Report.Spread(seconds.Select(s => Accounts / s / Environment.ProcessorCount), "0.0");

    private static async Task<double> HashAsync(int accounts)
    {
        using var passwords = new Passwords(new ConfigurationBuilder().Build());
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, accounts, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, async (i, stop) => await passwords.HashAsync(PasswordOf(i), stop));
        return watch.Elapsed.TotalSeconds;
    }

    private static async Task<(double Seconds, List<double> Reads)> RegisterAsync(RunningPlatform platform, int accounts)
    {
        var domain = await ManyAccounts.DomainAsync(platform);
        var file = "mail_account,password,mail_capacity,comment\n" + string.Join('\n', Enumerable.Range(0, accounts).Select(i => string.Create(CultureInfo.InvariantCulture, $"user{i:00000},{PasswordOf(i)},100,営業部 {i}")));
        var watch = Stopwatch.StartNew();
        var job = await UploadAsync(platform, domain, file);
        var ended = EndAsync(platform, job);
        var reads = await ReadAsync(platform, () => !ended.IsCompleted);
        await ended;
        var seconds = watch.Elapsed.TotalSeconds;
        for (var i = 0; i < Sample; i++)
        {
            var n = i * accounts / Sample;
            using var session = await ImapSession.LogInAsync(platform.Server("imap").Port, string.Create(CultureInfo.InvariantCulture, $"user{n:00000}@{domain}"), PasswordOf(n));
            await session.LogOutAsync();
        }

        return (seconds, reads);
    }

    private static async Task<string> UploadAsync(RunningPlatform platform, string domain, string file)
    {
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(file)) { Headers = { ContentType = new MediaTypeHeaderValue("text/csv") } };
        using var answer = await platform.Gateway.PostAsync(new Uri($"/api/v1/domains/{domain}/imports", UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!["id"]!.GetValue<string>();
    }

    private static async Task EndAsync(RunningPlatform platform, string job)
    {
        while (true)
        {
            var view = (await platform.SendAsync(HttpMethod.Get, $"/api/v1/jobs/{job}"))!;
            if (view["state"]!.GetValue<string>() == "succeeded") return;
            if (view["finishedAt"] is not null) throw new InvalidOperationException(view.ToJsonString());
            await Task.Delay(100);
        }
    }

    private static async Task<List<double>> ReadAsync(RunningPlatform platform, Func<bool> goOn)
    {
        var domain = await platform.DomainAsync();
        var times = new List<double>();
        while (times.Count < Reads || goOn())
        {
            var watch = Stopwatch.StartNew();
            await platform.SendAsync(HttpMethod.Get, $"/api/v1/domains/{domain}");
            times.Add(watch.Elapsed.TotalMilliseconds);
            await Task.Delay(BetweenReads);
        }

        return times;
    }

    private static string PasswordOf(int account) => string.Create(CultureInfo.InvariantCulture, $"Kokoro-{account:00000}-xY");
}
