using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using Hikyaku.Platform;

namespace Hikyaku.Bench;

/// <summary>PERF-6: the same list of 50 accounts, asked for through the gateway and at the service with an internal token.</summary>
internal static class GatewayBesideService
{
    private const int Runs = 5;
    private const int Clients = 32;
    private const int Calm = 200;
    private const int Sessions = 64; // several sessions, so that the rate limit of one session is not reached
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CalmLength = TimeSpan.FromSeconds(15); // 3,000 requests: a p99 of the worst 30

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var domain = await platform.DomainAsync();
        for (var i = 0; i < 50; i++) await platform.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = $"user{i:00}", password = RunningPlatform.Password });
        var path = $"/api/v1/domains/{domain}/accounts?limit=50";
        var tokens = new string[Sessions];
        for (var i = 0; i < Sessions; i++) tokens[i] = await platform.TokenAsync();
        var issuer = platform.Issuer();
        var operatorCaller = new Caller(Roles.Operator, "operator", "bench", [], "127.0.0.1", "api");
        using var service = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 256 }) { BaseAddress = new Uri($"http://127.0.0.1:{platform.PortBase + 10}") };

        await LoadAsync(platform.Gateway, path, i => tokens[i % Sessions]);
        var warm = issuer.Issue(operatorCaller);
        await LoadAsync(service, path, _ => warm);
        var (through, direct) = (new List<Load>(), new List<Load>());
        for (var run = 0; run < Runs; run++)
        {
            through.Add(await LoadAsync(platform.Gateway, path, i => tokens[i % Sessions]));
            var token = issuer.Issue(operatorCaller);
            direct.Add(await LoadAsync(service, path, _ => token));
        }

        var (calmThrough, calmDirect) = (new List<Load>(), new List<Load>());
        for (var run = 0; run < Runs; run++)
        {
            calmThrough.Add(await LoadAsync(platform.Gateway, path, i => tokens[i % Sessions], Calm));
            var token = issuer.Issue(operatorCaller);
            calmDirect.Add(await LoadAsync(service, path, _ => token, Calm));
        }

        report.Line($"{Runs} runs of {Length.TotalSeconds:0} s each in turn after a warm-up, on the same two cores as everything else; median (minimum–maximum) of the runs. As many as possible: {Clients} clients, each with its next request as soon as the last is answered.");
        report.Table(["", "requests/s", "p50 ms", "p99 ms"], Row("through the gateway", through), Row("the service, same kind of token", direct));
        report.Line($"A steady {Calm} requests/s for {CalmLength.TotalSeconds:0} s each, so that waiting for a core is not what is measured:");
        report.Table(["", "requests/s", "p50 ms", "p99 ms"], Row("through the gateway", calmThrough), Row("the service, same kind of token", calmDirect));
        var ratio = through.Zip(direct, (t, d) => t.PerSecond / d.PerSecond).ToList();
        var extra = calmThrough.Zip(calmDirect, (t, d) => t.P99 - d.P99).ToList();
        var full = through.Zip(direct, (t, d) => t.P99 - d.P99).ToList();
        report.Line($"Ratio of requests/s: {Report.Spread(ratio, "0.00")}; must reach 0.6: {Word(Median(ratio) >= 0.6)}. p99 of the gateway beyond the service's: {Report.Spread(extra, "0.0")} ms at the steady rate, {Report.Spread(full, "0.0")} ms with both cores full; must stay within 2 ms: {Word(Median(extra) <= 2)} at the steady rate, {Word(Median(full) <= 2)} with both cores full, where each request waits for a core twice.");
    }

    private static string[] Row(string what, List<Load> loads)
        => [what, Report.Spread(loads.Select(l => l.PerSecond)), Report.Spread(loads.Select(l => l.P50), "0.0"), Report.Spread(loads.Select(l => l.P99), "0.0")];

    /// <param name="client">Where to.</param>
    /// <param name="path">What is asked for.</param>
    /// <param name="token">The token of the request of a number.</param>
    /// <param name="perSecond">A steady rate, each request at its time; 0 for as many as possible.</param>
    private static async Task<Load> LoadAsync(HttpClient client, string path, Func<int, string> token, int perSecond = 0)
    {
        var times = new ConcurrentBag<double>();
        var (end, length) = (Stopwatch.StartNew(), perSecond > 0 ? CalmLength : Length);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async number =>
        {
            for (var i = number; end.Elapsed < length; i += Clients)
            {
                if (perSecond > 0 && TimeSpan.FromSeconds((double)i / perSecond) - end.Elapsed is var early && early > TimeSpan.Zero) await Task.Delay(early);
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token(i));
                var watch = Stopwatch.StartNew();
                using var answer = await client.SendAsync(request);
                answer.EnsureSuccessStatusCode();
                await answer.Content.ReadAsByteArrayAsync();
                times.Add(watch.Elapsed.TotalMilliseconds);
            }
        }));
        return new(times.Count / end.Elapsed.TotalSeconds, Report.Percentile(times, 50), Report.Percentile(times, 99));
    }

    private sealed record Load(double PerSecond, double P50, double P99);

    private static double Median(IEnumerable<double> values) => Report.Percentile(values, 50);

    private static string Word(bool reached) => reached ? "reached" : "not reached";
}
