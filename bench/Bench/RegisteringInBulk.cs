using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Credentials;
using Microsoft.Extensions.Configuration;

namespace Hikyaku.Bench;

/// <summary>
/// PERF-1: 10,000 accounts from one file until all are in force, beside hashing those 10,000 passwords alone, in turn. A run of
/// its own (because hashing alone has no such load beside it) measures how long a simple read takes meanwhile, and a password's
/// change in another domain until it is in force.
/// </summary>
internal static class RegisteringInBulk
{
    private const int Runs = 5, RunsWatched = 3, Accounts = 10_000, Sample = 200, Reads = 2_500;
    private static readonly TimeSpan BetweenReads = TimeSpan.FromMilliseconds(20), BetweenChanges = TimeSpan.FromSeconds(1), BetweenLooks = TimeSpan.FromMilliseconds(250), MostInForce = TimeSpan.FromSeconds(2);

    public static async Task RunAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        List<double> registering = [], hashing = [];
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            var accounts = run == 0 ? Accounts / 10 : Accounts;
            var (hashes, seconds) = (await HashAsync(accounts), await RegisterAsync(platform, accounts));
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"run {run} of {Runs}, {accounts} accounts: {hashes:0.0} s to hash, {seconds:0.0} s to register"));
            if (run == 0) continue;
            registering.Add(seconds);
            hashing.Add(hashes);
        }

        var ratios = registering.Zip(hashing, (r, h) => r / h).ToList();
        report.Line(string.Create(CultureInfo.InvariantCulture, $"{Runs} runs in turn after a warm-up, each {Accounts:N0} accounts in a domain of its own; of each {Sample} then log in by IMAP. Argon2id m=19456, t=2, p=1; fsync as ./dev up sets it. Median (minimum–maximum)."));
        report.Table(
            ["", "s", "accounts/s and core"],
            ["registered and in force", Report.Spread(registering, "0.0"), PerCore(registering)],
            ["the same passwords hashed alone, on as many threads as there are cores", Report.Spread(hashing, "0.0"), PerCore(hashing)],
            ["ratio", Report.Spread(ratios, "0.00"), ""]);
        report.Line($"Must reach: ≤ 1.15 ×. {Reached(Report.Percentile(ratios, 50) <= 1.15)}");
    }

    public static async Task WaitBesideAsync(Report report)
    {
        report.LineOfLoad("before it began");
        report.Line();
        var platform = new RunningPlatform();
        var account = await platform.AccountAsync(await platform.DomainAsync(), "taro");
        List<Meanwhile> alone = [], beside = [];
        await RegisterAsync(platform, Accounts / 10); // warms up
        for (var run = 0; run < RunsWatched; run++)
        {
            alone.Add(await WatchAsync(platform, account, () => false));
            var job = RegisterAsync(platform, Accounts);
            beside.Add(await WatchAsync(platform, account, () => !job.IsCompleted));
            await job;
        }

        var waits = beside.Zip(alone, (b, a) => b.ReadP99 / a.ReadP99).ToList();
        report.Line($"{RunsWatched} runs in turn after a warm-up: GET /domains/{{name}} through the gateway, one after the other with pauses of 20 ms; and once a second the password of a mailbox in another domain is changed, from the request until it is in force on the node, every tenth proved by an IMAP login at the first try. Median (minimum–maximum).");
        report.Table(["", "reads", "read p99 ms", "passwords", "in force p50 ms", "max ms"], Row("nothing else to do", alone), Row("while the job runs", beside), ["ratio", "", Report.Spread(waits, "0.00"), "", "", ""]);
        report.Line($"Must reach: a read's p99 at most doubled. {Reached(Report.Percentile(waits, 50) <= 2)} Every password in force in ≤ 2 s: {Reached(beside.Max(m => m.Changes.Max()) <= MostInForce.TotalMilliseconds)}");
    }

    private static string PerCore(List<double> seconds) => Report.Spread(seconds.Select(s => Accounts / s / Environment.ProcessorCount), "0.0");

    private static string[] Row(string what, List<Meanwhile> runs)
    {
        List<double> changes = [.. runs.SelectMany(m => m.Changes)];
        return
        [
            what, $"{runs.Sum(m => m.Reads.Count)}", Report.Spread(runs.Select(m => m.ReadP99), "0.0"),
            $"{changes.Count}", $"{Report.Percentile(changes, 50):0}", $"{changes.Max():0}",
        ];
    }

    private static string Reached(bool isReached) => isReached ? "Reached." : "Not reached.";

    private static async Task<double> HashAsync(int accounts)
    {
        using var passwords = new Passwords(new ConfigurationBuilder().Build());
        var watch = Stopwatch.StartNew();
        await Parallel.ForAsync(0, accounts, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, async (i, stop) => await passwords.HashAsync(PasswordOf(i), stop));
        return watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> RegisterAsync(RunningPlatform platform, int accounts)
    {
        var domain = await ManyAccounts.DomainAsync(platform);
        var file = "mail_account,password,mail_capacity,comment\n" + string.Join('\n', Enumerable.Range(0, accounts).Select(i => string.Create(CultureInfo.InvariantCulture, $"user{i:00000},{PasswordOf(i)},100,営業部 {i}")));
        var watch = Stopwatch.StartNew();
        await EndAsync(platform, await UploadAsync(platform, domain, file));
        var seconds = watch.Elapsed.TotalSeconds;
        for (var i = 0; i < Sample; i++)
        {
            var n = i * accounts / Sample;
            using var session = await ImapSession.LogInAsync(platform.Server("imap").Port, string.Create(CultureInfo.InvariantCulture, $"user{n:00000}@{domain}"), PasswordOf(n));
            await session.LogOutAsync();
        }

        return seconds;
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
            await Task.Delay(BetweenLooks);
        }
    }

    private static async Task<Meanwhile> WatchAsync(RunningPlatform platform, string account, Func<bool> goOn)
    {
        var reading = ReadAsync(platform, goOn);
        var changes = await ChangeAsync(platform, account, () => !reading.IsCompleted);
        return new(await reading, changes);
    }

    private static async Task<List<double>> ChangeAsync(RunningPlatform platform, string account, Func<bool> goOn)
    {
        var times = new List<double>();
        for (var i = 0; i == 0 || goOn(); i++)
        {
            var password = string.Create(CultureInfo.InvariantCulture, $"Kawaru-{i:00000}-xY");
            var watch = Stopwatch.StartNew();
            await platform.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = password });
            await platform.InForceAsync(account, pause: BetweenReads); // without pauses the requests themselves would be a load
            times.Add(watch.Elapsed.TotalMilliseconds);
            if (i % 10 == 0) (await platform.ImapAsync(account, password)).Dispose();
            await Task.Delay(BetweenChanges);
        }

        return times;
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

    /// <summary>What others wait while something is done, in milliseconds.</summary>
    private sealed record Meanwhile(List<double> Reads, List<double> Changes)
    {
        public double ReadP99 => Report.Percentile(Reads, 99);
    }
}
