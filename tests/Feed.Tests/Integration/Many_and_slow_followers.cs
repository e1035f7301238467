using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "OPS-2")]
public sealed class Many_and_slow_followers
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Who_does_not_read_is_dropped_while_others_get_everything()
    {
        const int batches = 24, batch = 1000; // about 12 MB, more than any connection's buffers
        await using var feed = await NewFeedAsync("--Hikyaku:Feed:SlowReaderSeconds=1");
        var account = new Published_contracts(Published_contracts.NewDomain());
        await feed.Log.AppendAsync([NewEvent.Of(account.Created(), null)], CancellationToken.None);
        for (var n = 0; n < batches; n++)
            await feed.Log.AppendAsync([.. Enumerable.Range(0, batch).Select(i => NewEvent.Of(account.Capacity(i), null))], CancellationToken.None);

        using var slow = new TcpClient { ReceiveBufferSize = 4096 };
        await slow.ConnectAsync(feed.Address.Host, feed.Address.Port);
        await slow.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"GET /api/v1/events?after=0 HTTP/1.1\r\nHost: {feed.Address.Authority}\r\nAuthorization: Bearer {feed.OperatorToken}\r\n\r\n"));
        await Eventually.Async(() => feed.Followers.Count == 1, Long);
        await using var reader = await feed.FollowAsync("?after=0");
        Assert.Equal(1 + (batches * batch), (await reader.TakeAsync(1 + (batches * batch))).Count);

        await Eventually.Async(() => feed.Followers.Count == 1, Long); // the reader
        Assert.False(await IsWholeAsync(slow), "The slow one got everything");
        await feed.RecordAsync(account.Capacity(7));
        await reader.NextAsync();
    }

    [Fact]
    public async Task Who_comes_and_goes_a_thousand_times_leaves_nothing_behind()
    {
        await using var feed = await NewFeedAsync();
        long followers = 0;
        using var metrics = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Name == "hikyaku.feed.followers") listener.EnableMeasurementEvents(instrument);
            },
        };
        metrics.SetMeasurementEventCallback<int>((_, value, _, _) => Interlocked.Add(ref followers, value));
        metrics.Start();
        await ComeAndGoAsync(20); // what is kept for good is there afterwards
        var files = OpenFiles();

        await ComeAndGoAsync(1000);

        await Eventually.Async(() => feed.Followers.Count == 0, Long);
        await Eventually.Async(() => OpenFiles() < files + 100, Long);
        await using var stays = await feed.FollowAsync("");
        metrics.RecordObservableInstruments();
        Assert.True(Interlocked.Read(ref followers) >= 1);
        Assert.Equal(1, feed.Followers.Count);
        await using var source = NpgsqlDataSource.Create(feed.Database);
        await using var command = source.CreateCommand("select count(*) from pg_stat_activity where datname = current_database()");
        Assert.InRange((long)(await command.ExecuteScalarAsync())!, 1, 40); // the pool's own

        Task ComeAndGoAsync(int times) => Parallel.ForEachAsync(Enumerable.Range(0, times), new ParallelOptions { MaxDegreeOfParallelism = 20 }, async (n, _) =>
        {
            using var answer = await feed.GetAsync(n % 2 == 0 ? "" : "?after=0", feed.OperatorToken);
            Assert.Equal(System.Net.HttpStatusCode.OK, answer.StatusCode);
        });
    }

    [Fact]
    public async Task A_hundred_followers_ask_the_database_no_more_than_one()
    {
        await using var feed = await NewFeedAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        await feed.RecordAsync(account.Created());
        var streams = new List<Following>();
        for (var n = 0; n < 100; n++) streams.Add(await feed.FollowAsync(n % 2 == 0 ? "" : $"?domain={account.Domain}"));

        var reads = 0;
        var database = new NpgsqlConnectionStringBuilder(feed.Database).Database;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                var told = string.Join(' ', activity.TagObjects.Select(t => t.Value));
                if (told.Contains("from recorded_event", StringComparison.Ordinal) && told.Contains(database!, StringComparison.Ordinal)) Interlocked.Increment(ref reads);
            },
        };
        ActivitySource.AddActivityListener(listener);
        var since = Stopwatch.StartNew();
        var contracts = Enumerable.Range(1, 50).Select(n => (object)account.Capacity(n)).ToArray();
        await feed.PublishAsync(contracts);
        var seen = await Task.WhenAll(streams.Select(s => s.TakeAsync(50)));

        Assert.All(seen, events => Assert.Equal(Enumerable.Range(1, 50), events.Select(e => e["data"]!["capacityMb"]!.GetValue<int>())));
        // One after each of at most 50 commits, and one a second.
        Assert.InRange(reads, 1, 51 + since.Elapsed.TotalSeconds);
        foreach (var stream in streams) await stream.DisposeAsync();
        await Eventually.Async(() => feed.Followers.Count == 0);
    }

    [Fact]
    public void Nobody_takes_all_the_places()
    {
        using var followers = new Followers();
        var own = Enumerable.Range(0, Followers.MaxOfLogin).Select(_ => followers.Begin("greedy", CancellationToken.None)).ToList();
        Assert.DoesNotContain(null, own);

        Assert.Null(followers.Begin("greedy", CancellationToken.None));
        using var other = followers.Begin("modest", CancellationToken.None);
        Assert.NotNull(other);
        own[0]!.Dispose();
        own[0] = followers.Begin("greedy", CancellationToken.None);
        Assert.NotNull(own[0]);
        foreach (var follower in own) follower!.Dispose();
        Assert.Equal(1, followers.Count);
    }

    private static async Task<FeedService> NewFeedAsync(params string[] settings)
        => await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), settings);

    private static int OpenFiles() => Directory.GetFileSystemEntries("/proc/self/fd").Length;

    // What the kernel took before the end is still there to read; then comes the end.
    private static async Task<bool> IsWholeAsync(TcpClient slow)
    {
        var (buffer, bytes) = (new byte[1 << 16], 0L);
        try
        {
            for (int read; (read = await slow.GetStream().ReadAsync(buffer).AsTask().WaitAsync(Long)) > 0;) bytes += read;
        }
        catch (IOException)
        {
            // reset by the server
        }

        return bytes > 10_000_000;
    }
}
