using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.ServerSentEvents;
using Hikyaku.Accounts.Contracts;
using MassTransit;

namespace Hikyaku.Bench;

/// <summary>
/// Issue 4: events per second from the broker through the feed to 1, 10 and 100 followers, and how long one event takes. The
/// benchmark publishes the events in place of the accounts service; they are about an account that does not exist, and stay in the feed.
/// </summary>
internal static class FeedToFollowers
{
    private const int Runs = 5, Events = 5000, Samples = 200;

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(
            "127.0.0.1", (ushort)(platform.PortBase + 6), "hikyaku", h => { h.Username("gateway"); h.Password(platform.Secret("rabbit-gateway")); }));
        await bus.StartAsync();
        var token = await platform.TokenAsync();
        var rows = new List<string[]>();
        foreach (var followers in new[] { 1, 10, 100 })
        {
            var (published, arrived, delays) = (new List<double>(), new List<double>(), new List<List<double>>());
            for (var run = 0; run <= Runs; run++) // the first one warms up
            {
                var account = Guid.CreateVersion7().ToString("N");
                var (sent, seen) = await ManyAsync(platform, bus, token, account, followers);
                var single = await OneByOneAsync(platform, bus, token, account, followers);
                if (run == 0) continue;
                published.Add(sent);
                arrived.Add(seen);
                delays.Add(single);
            }

            rows.Add(
            [
                $"{followers}", Report.Spread(published), Report.Spread(arrived), Report.Spread(arrived.Select(a => a * followers)),
                Report.Spread(delays.Select(d => Report.Percentile(d, 50)), "0.0"), Report.Spread(delays.Select(d => Report.Percentile(d, 99)), "0.0"),
            ]);
        }

        await bus.StopAsync();
        report.Line($"{Runs} runs after a warm-up. Throughput: {Events:N0} events are published with confirms, 64 at a time, while all followers read the stream through the gateway; from the first publish until the last follower has the last event. Delay: {Samples} events one after the other, from before the publish until the last follower has it. Publisher and followers share the machine. Median (minimum–maximum).");
        report.Table(["followers", "published events/s", "events/s at each follower", "events/s at all followers", "delay p50 ms", "delay p99 ms"], [.. rows]);
    }

    private static async Task<(double Published, double Arrived)> ManyAsync(RunningPlatform platform, IBus bus, string token, string account, int followers)
    {
        await using var crowd = await Crowd.ComeAsync(platform, token, account, followers);
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(1, Events), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (n, stop) => await bus.Publish(Event(account, n), stop));
        var published = Events / watch.Elapsed.TotalSeconds;
        await crowd.HaveAsync(Events);
        return (published, Events / watch.Elapsed.TotalSeconds);
    }

    private static async Task<List<double>> OneByOneAsync(RunningPlatform platform, IBus bus, string token, string account, int followers)
    {
        await using var crowd = await Crowd.ComeAsync(platform, token, account, followers);
        var delays = new List<double>();
        for (var n = 1; n <= Samples; n++)
        {
            var watch = Stopwatch.StartNew();
            await bus.Publish(Event(account, Events + n));
            await crowd.HaveAsync(n);
            delays.Add(watch.Elapsed.TotalMilliseconds);
        }

        return delays;
    }

    private static MailAccountCapacityChanged Event(string account, int number)
        => new(Guid.NewGuid(), number, number, DateTimeOffset.UtcNow, new("system", "bench", "", "policy", ""), account, number);

    /// <summary>Followers of one account's events.</summary>
    private sealed class Crowd : IAsyncDisposable
    {
        private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 1000 }) { Timeout = Timeout.InfiniteTimeSpan };
        private readonly CancellationTokenSource _end = new(TimeSpan.FromMinutes(5));
        private readonly ConcurrentBag<Task> _reading = [];
        private int[] _seen = [];

        public static async Task<Crowd> ComeAsync(RunningPlatform platform, string token, string account, int followers)
        {
            var crowd = new Crowd { _seen = new int[followers] };
            crowd._http.BaseAddress = platform.Gateway.BaseAddress;
            crowd._http.DefaultRequestHeaders.Authorization = new("Bearer", token);
            await Parallel.ForEachAsync(Enumerable.Range(0, followers), async (n, stop) =>
            {
                var answer = await crowd._http.GetAsync(new Uri($"/api/v1/events?account={account}", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, stop);
                answer.EnsureSuccessStatusCode();
                crowd._reading.Add(crowd.ReadAsync(await answer.Content.ReadAsStreamAsync(stop), n));
            });
            return crowd;
        }

        public async Task HaveAsync(int count)
        {
            while (Enumerable.Range(0, _seen.Length).Any(n => Volatile.Read(ref _seen[n]) < count))
            {
                _end.Token.ThrowIfCancellationRequested();
                await Task.Delay(1);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await Task.WhenAll(_reading);
            _http.Dispose();
            _end.Dispose();
        }

        private async Task ReadAsync(Stream stream, int number)
        {
            try
            {
                await foreach (var _ in SseParser.Create(stream).EnumerateAsync(_end.Token)) Interlocked.Increment(ref _seen[number]);
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                // the run is over
            }
            finally
            {
                await stream.DisposeAsync();
            }
        }
    }
}
