using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using Npgsql;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

public class Publishing
{
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task What_happened_is_told_in_stream_order_with_who_and_under_the_same_trace()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        await client.PostAsync("p1");
        const string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        await client.WeighAsync("p1", traceParent: $"00-{trace}-00f067aa0ba902b7-01");

        var told = await Eventually.Async(() => listener.Of("p1"), t => t.Count == 2, Restart);
        Assert.Equal([new("p1", 1, nameof(ParcelPosted)), new("p1", 2, nameof(ParcelWeighed))], told);
        Assert.Contains(trace, listener.All.Single(h => h.Message is ParcelTold { Version: 2 }).Trace, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_committed_event_is_notified_of_and_a_refused_command_is_not()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        await using var listening = new NpgsqlConnection(place.Database);
        await listening.OpenAsync();
        var heard = 0;
        listening.Notification += (_, _) => heard++;
        await using (var listen = new NpgsqlCommand("listen mt_events_appended", listening)) await listen.ExecuteNonQueryAsync();

        Assert.Equal(201, (await client.PostAsync("p1")).Status);
        Assert.True(await listening.WaitAsync(Restart));
        Assert.Equal(409, (await client.PostAsync("p1")).Status);
        Assert.Equal(200, (await client.WeighAsync("p1")).Status);
        Assert.True(await listening.WaitAsync(Restart));
        // A second one would have been sent in the order of the commits, before this one of ours.
        await using (var own = new NpgsqlCommand("notify mt_events_appended, 'own'", listening)) await own.ExecuteNonQueryAsync();
        Assert.Equal(3, heard);
    }

    [Fact]
    [Trait("Rule", "REL-1")]
    public async Task What_Marten_leaves_of_a_broken_append_stops_nobody()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var nodes = await Listener.StartAsync(place.RabbitNodes);
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        await BrokenAppend.LeaveAsync(place.Database);

        await client.PostAsync("p1");
        await Eventually.Async(() => listener.Of("p1").Count == 1, Restart);
        await Eventually.Async(() => nodes.All.Any(h => h.Message is NodeStateBookmark { Position: >= 2 }), Restart);
        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Status == 200);
    }

    [Fact]
    [Trait("Rule", "REL-1")]
    public async Task A_publish_whose_confirmation_is_lost_is_not_waited_for_without_end()
    {
        var place = await Place.NewAsync();
        var broker = new Uri(place.Rabbit);
        await using var wire = new Wire(broker.Port);
        using var keys = InternalKeys.Create();
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place with { Rabbit = new UriBuilder(broker) { Port = wire.Port }.Uri.AbsoluteUri }, keys);
        service.Levers.PublisherWaits = TimeSpan.FromSeconds(1);
        using var client = new ParcelClient(service, keys);
        await client.PostAsync("p1");
        await Eventually.Async(() => listener.Of("p1").Count > 0, Restart);

        wire.LosesAnswers = true;
        await client.PostAsync("p2");
        await Eventually.Async(() => listener.Of("p2").Count > 0 && wire.LostBytes > 0); // the broker has it and has said so
        wire.LosesAnswers = false;

        await client.PostAsync("p3");
        await Eventually.Async(() => listener.Of("p3").Count > 0, Restart);
        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Status == 200, Restart);
    }

    [Fact]
    public async Task Nodes_hear_the_state_and_then_the_bookmark_that_covers_it()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var nodes = await Listener.StartAsync(place.RabbitNodes);
        await using var domain = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        foreach (var n in Enumerable.Range(1, 5)) await client.PostAsync($"p{n}");

        await Eventually.Async(() => nodes.All.Any(h => h.Message is NodeStateBookmark { Position: >= 5 }), Restart);
        var covered = 0L;
        foreach (var message in nodes.All.Select(h => h.Message))
        {
            if (message is NodeStateBookmark mark) covered = mark.Position;
            else Assert.True(((ParcelState)message).Position > covered, $"{message} came after a bookmark that covers it");
        }

        Assert.Equal(5, nodes.All.Select(h => h.Message).OfType<ParcelState>().Select(s => s.Parcel).Distinct().Count());
        await Eventually.Async(() => Enumerable.Range(1, 5).All(n => domain.Of($"p{n}").Count == 1));
        Assert.DoesNotContain(domain.All, h => h.Message is ParcelState or NodeStateBookmark);
    }

    [Fact]
    [Trait("Rule", "REL-1")]
    public async Task What_was_appended_while_a_page_was_published_is_published_at_once()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var nodes = await Listener.StartAsync(place.RabbitNodes);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        await client.PostAsync("p0");
        await Eventually.Async(() => Bookmarks().Count > 0, Restart);

        var (begun, goOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        service.Levers.BeforePublishing = () =>
        {
            begun.TrySetResult();
            return goOn.Task;
        };
        await client.PostAsync("p1");
        await begun.Task.WaitAsync(Restart);
        foreach (var n in Enumerable.Range(2, 20)) await client.PostAsync($"p{n}");
        goOn.SetResult();

        await Eventually.Async(() => Bookmarks().Any(b => b.Position >= 22), Restart);
        Assert.InRange(Bookmarks().Count(b => b.Position > 2), 1, 2); // one when all appends were seen before the first page ended
        List<NodeStateBookmark> Bookmarks() => [.. nodes.All.Select(h => h.Message).OfType<NodeStateBookmark>()];
    }

    [Fact]
    [Trait("Rule", "OPS-5")]
    public async Task With_the_broker_down_commands_go_on_and_later_all_is_published_in_order()
    {
        await using var broker = await RabbitServer.StartDedicatedAsync();
        var place = await Place.NewAsync(broker);
        using var keys = InternalKeys.Create();
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        await client.PostAsync("before");
        await Eventually.Async(() => listener.Of("before").Count == 1, Restart);
        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Status == 200);

        await broker.ShutDownAsync();
        foreach (var parcel in new[] { "a", "b" })
        {
            Assert.Equal(201, (await client.PostAsync(parcel)).Status);
            for (var i = 0; i < 10; i++) Assert.Equal(200, (await client.WeighAsync(parcel)).Status);
        }

        // As if the first event had waited for longer than is healthy.
        service.Levers.ClockAhead = DaemonHealth.MaxWait + TimeSpan.FromSeconds(1);
        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Status == 503 && h.Body.Contains("oldest event waits", StringComparison.Ordinal), Restart);
        service.Levers.ClockAhead = TimeSpan.Zero;

        await broker.StartAgainAsync();
        foreach (var parcel in new[] { "a", "b" })
        {
            var told = await Eventually.Async(() => listener.Of(parcel), t => t.Count == 11, Restart);
            Assert.Equal(Enumerable.Range(1, 11).Select(v => (long)v), told.Select(t => t.Version));
        }

        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Status == 200, Restart);
    }

    [Fact]
    public async Task A_publisher_that_fails_is_told_by_health_and_runs_again_when_it_can()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        service.Levers.PublisherFails = new InvalidOperationException("cannot tell");
        await client.PostAsync("p1");
        await client.WeighAsync("p1");

        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Status == 503 && h.Body.Contains("does not run", StringComparison.Ordinal), Restart);
        Assert.Empty(listener.Of("p1"));

        service.Levers.PublisherFails = null;
        await Eventually.Async(() => listener.Of("p1"), t => t.Count == 2, Restart);
        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Status == 200, Restart);
    }

    [Fact]
    public async Task A_publish_that_the_broker_cancels_is_tried_again_and_not_lost()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        service.Levers.PublisherFails = new OperationCanceledException("not Marten's own");
        await client.PostAsync("p1");
        await Eventually.Async(() => client.GetAsync("/health/ready"), h => h.Body.Contains("does not run", StringComparison.Ordinal), Restart);
        service.Levers.PublisherFails = null;

        await Eventually.Async(() => listener.Of("p1"), t => t.Count == 1, Restart);
    }

    [Fact]
    public async Task When_the_leader_or_its_session_ends_another_goes_on_without_loss_or_disorder()
    {
        var place = await Place.NewAsync();
        using var keys = InternalKeys.Create();
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var first = await ParcelService.StartAsync(place, keys);
        await Eventually.Async(() => first.Leads, Restart);
        await using var second = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(second, keys);
        await client.PostAsync("p1");
        Assert.False(second.Leads);

        var killed = await KillLeaderSessionsAsync(place);
        for (var i = 0; i < 30; i++) Assert.Equal(200, (await client.WeighAsync("p1")).Status);
        await Eventually.Async(() => listener.Of("p1"), t => t.Count == 31, Restart);
        Assert.True(killed >= 1);
        await Eventually.Async(() => first.Leads ^ second.Leads, Restart);

        await first.DisposeAsync();
        for (var i = 0; i < 30; i++) Assert.Equal(200, (await client.WeighAsync("p1")).Status);
        var told = await Eventually.Async(() => listener.Of("p1"), t => t.Count == 61, Restart);
        Assert.True(second.Leads);
        Assert.Equal(Enumerable.Range(1, 61).Select(v => (long)v), told.Select(t => t.Version));
    }

    [Fact]
    public async Task When_the_database_crashes_and_comes_back_nothing_is_lost()
    {
        await using var server = await PostgresServer.StartDedicatedAsync();
        var broker = await RabbitServer.SharedAsync();
        var place = new Place(await server.AddDatabaseAsync(), await broker.AddVirtualHostAsync(), await broker.AddVirtualHostAsync());
        using var keys = InternalKeys.Create();
        await using var listener = await Listener.StartAsync(place.Rabbit);
        await using var service = await ParcelService.StartAsync(place, keys);
        using var client = new ParcelClient(service, keys);
        await client.PostAsync("p1");
        await Eventually.Async(() => service.Leads, Restart);

        await server.StopAsync();
        var refused = await client.WeighAsync("p1");
        Assert.Equal((503, "platform.unavailable"), (refused.Status, refused.Problem));
        await server.StartAgainAsync();

        await Eventually.Async(() => client.WeighAsync("p1"), w => w.Status == 200, Restart);
        var told = await Eventually.Async(() => listener.Of("p1"), t => t.Count >= 2, Restart);
        Assert.Equal([1L, 2L], told.Select(t => t.Version));
    }

    // The leader of this place only: an advisory lock belongs to a database.
    private static async Task<long> KillLeaderSessionsAsync(Place place)
    {
        await using var database = NpgsqlDataSource.Create(place.Database);
        await using var command = database.CreateCommand("""
            select count(pg_terminate_backend(l.pid)) from pg_locks l
            where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
            """);
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
