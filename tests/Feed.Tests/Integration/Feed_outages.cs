using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "OPS-2"), Trait("Rule", "REL-8"), Trait("Rule", "OPS-5")]
public sealed class Feed_outages
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(90);

    [Fact]
    public async Task Without_its_database_the_feed_is_unready_and_loses_nothing()
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        await using var feed = await FeedService.StartAsync(await postgres.AddDatabaseAsync(), await RabbitServer.NewVirtualHostAsync());
        var account = new Published_contracts(Published_contracts.NewDomain());
        await feed.RecordAsync(account.Created());
        await using var stream = await feed.FollowAsync("?after=0");
        await stream.NextAsync();

        await postgres.StopAsync();
        object[] meanwhile = [.. Enumerable.Range(1, 30).Select(n => account.Capacity(n))];
        await feed.PublishAsync(meanwhile);
        await Eventually.Async(async () => (await HealthAsync(feed)).Status == HttpStatusCode.ServiceUnavailable, Long);
        using (var asked = await feed.GetAsync("?after=0", feed.OperatorToken))
        {
            // The head is sent before the log is read.
            Assert.Contains(asked.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.ServiceUnavailable });
        }

        await postgres.StartAgainAsync();
        await feed.RecordedAsync(meanwhile, Long);
        await Eventually.Async(async () => (await HealthAsync(feed)).Status == HttpStatusCode.OK, Long);
        Assert.Equal(30, (await stream.TakeAsync(30)).Select(e => e["id"]!.GetValue<string>()).Distinct().Count());
    }

    [Fact]
    public async Task Without_the_broker_it_is_unready_and_still_followed()
    {
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        await using var feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await rabbit.AddVirtualHostAsync());
        var account = new Published_contracts(Published_contracts.NewDomain());
        await feed.RecordAsync(account.Created());

        await rabbit.StopAsync();
        await Eventually.Async(async () => (await HealthAsync(feed)).Status == HttpStatusCode.ServiceUnavailable, Long);
        await using var stream = await feed.FollowAsync("?after=0");
        Assert.Equal(account.Address, (await stream.NextAsync())["subject"]!.GetValue<string>());
    }

    [Fact, Trait("Rule", "REL-3")]
    public async Task What_is_published_while_it_does_not_run_is_recorded_when_it_does()
    {
        await using var feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync());
        var account = new Published_contracts(Published_contracts.NewDomain());
        await feed.RecordAsync(account.Created());
        await feed.StopAppAsync();

        object[] meanwhile = [.. Enumerable.Range(1, 50).Select(n => account.Capacity(n))];
        await feed.PublishAsync(meanwhile);
        await feed.StartAppAsync();
        await feed.RecordedAsync(meanwhile, Long);
    }

    private static async Task<(HttpStatusCode Status, JsonNode? Body)> HealthAsync(FeedService feed)
    {
        using var answer = await feed.Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return (answer.StatusCode, JsonNode.Parse(await answer.Content.ReadAsStringAsync()));
    }
}
