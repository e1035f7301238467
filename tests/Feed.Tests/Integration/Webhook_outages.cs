using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "OPS-2")]
public sealed class Webhook_outages
{
    private const string WaitsToRecord = "from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%update webhook set%'";
    private static readonly int Kills = Campaign.Size("webhooks", everyDay: 2);

    [Fact, Trait("Rule", "REL-3")]
    public async Task An_event_whose_delivery_was_not_recorded_is_delivered_again_under_the_same_id()
    {
        await using var feed = await NewFeedAsync(WebhookClient.ForTests);
        await using var receiver = await WebhookReceiver.StartAsync();
        var client = new WebhookClient(feed);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await client.RegisterAsync(receiver.Url, account.Domain), "id");
        receiver.Hang(); // it has the event, and the feed goes before it can know
        await feed.RecordAsync(account.Created(), account.Capacity(1));
        await receiver.TakeAsync(1);
        await feed.StopAppAsync();
        receiver.Got.TryPeek(out var first);
        receiver.Got.Clear();
        receiver.AnswerStatus(204);

        await feed.StartAppAsync(WebhookClient.ForTests);

        var got = await receiver.TakeAsync(2);
        Assert.Equal(first!.Id, got[0].Id);
        Assert.Equal(1, got[1].Event["data"]!["capacityMb"]!.GetValue<int>());
        Assert.Equal("active", Text(await client.StateAsync(id, "active"), "state"));
    }

    [Fact, Trait("Rule", "REL-3"), Trait("Size", "webhooks")]
    public async Task A_feed_that_is_killed_before_it_records_an_answer_sends_again_and_skips_none()
    {
        await using var feed = await NewFeedAsync(WebhookClient.ForTests);
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.AnswerStatus(503);
        var client = new WebhookClient(feed);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await client.RegisterAsync(receiver.Url, account.Domain), "id");
        await feed.RecordAsync([account.Created(), .. Enumerable.Range(1, 10 * Kills).Select(n => (object)account.Capacity(n))]);
        var expected = (await feed.Log.ReadAsync(0, new([account.Domain]), int.MaxValue)).Select(e => e.Id.ToString()).ToList();
        await client.StateAsync(id, "failing");
        await feed.StopAppAsync(); // from here on it is a process of its own, which can be killed
        receiver.Got.Clear();

        await using var database = NpgsqlDataSource.Create(feed.Database);
        var (random, killed) = (new Random(20261125), new List<string>());
        for (var kill = 0; kill < Kills; kill++)
        {
            // The receiver says yes, and the webhook's row is held: what it took cannot be recorded.
            var last = receiver.Got.Count + random.Next(1, 10);
            await using var holder = await database.OpenConnectionAsync();
            await using var holding = await holder.BeginTransactionAsync();
            receiver.Answer = async (http, _) =>
            {
                if (receiver.Got.Count == last) await RunAsync(new("select from webhook for update", holder, holding));
                http.Response.StatusCode = 204;
            };
            await using (var process = feed.NewProcess(WebhookClient.ForTests))
            {
                await Eventually.Async(async () => await RunAsync(database.CreateCommand($"select pid {WaitsToRecord}")) is not null, TimeSpan.FromSeconds(60));
                await process.StopAsync();
            }

            // PostgreSQL would carry out for a dead client what it was told already.
            await RunAsync(database.CreateCommand($"select pg_terminate_backend(pid) {WaitsToRecord}"));
            await Eventually.Async(async () => await RunAsync(database.CreateCommand($"select pid {WaitsToRecord}")) is null);
            killed.Add(receiver.Got.Last().Id);
        }

        await using var survivor = feed.NewProcess(WebhookClient.ForTests);
        await Eventually.Async(async () => (long)(await RunAsync(database.CreateCommand("select count(*) from webhook_delivery where error is null")))! == expected.Count, TimeSpan.FromSeconds(60));
        var got = receiver.Got.Select(d => d.Id).ToList();
        Assert.Equal(expected, got.Where((e, n) => n == 0 || e != got[n - 1])); // one after the other, the same again being the same
        Assert.Equal(killed, got.Where((e, n) => n > 0 && e == got[n - 1]));
    }

    [Fact]
    public async Task Of_two_processes_one_delivers_and_the_other_goes_on_when_it_ends()
    {
        var (database, bus) = (await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync());
        await using var first = await FeedService.StartAsync(database, bus, WebhookClient.ForTests);
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        await using var second = await FeedService.StartAsync(database, bus, [.. WebhookClient.ForTests, .. first.Keys]);
        await new WebhookClient(first).RegisterAsync(receiver.Url, account.Domain);
        await first.RecordAsync([account.Created(), .. Enumerable.Range(1, 40).Select(n => (object)account.Capacity(n))]);
        Assert.Equal(41, (await receiver.TakeAsync(41)).Select(d => d.Id).Distinct().Count());
        Assert.Equal(41, receiver.Got.Count);

        await first.StopAppAsync();
        await second.RecordAsync(account.Capacity(41));
        await Eventually.Async(() => receiver.Got.Last().Event["data"]!["capacityMb"]?.GetValue<int>() == 41, TimeSpan.FromSeconds(30));
        await first.StartAppAsync(WebhookClient.ForTests);
    }

    [Fact]
    public async Task One_that_fails_for_too_long_is_paused_and_shown_so_until_a_replay()
    {
        await using var feed = await NewFeedAsync([.. WebhookClient.ForTests, "--Hikyaku:Webhooks:PauseAfterSeconds=1"]);
        await using var receiver = await WebhookReceiver.StartAsync();
        var client = new WebhookClient(feed);
        receiver.AnswerStatus(503);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await client.RegisterAsync(receiver.Url, account.Domain), "id");
        await feed.RecordAsync(account.Created());

        var paused = await client.StateAsync(id, "paused");
        Assert.Equal("failed-too-long", Text(paused, "reason"));
        Assert.Null(paused["nextAttemptAt"]);
        Assert.InRange(paused["failures"]!.GetValue<int>(), 3, 100);

        receiver.AnswerStatus(204);
        receiver.Got.Clear();
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(HttpMethod.Post, $"/{id}/replay")).Status);
        Assert.Equal("accounts.mail-account-created", Text((await receiver.TakeAsync(1))[0].Event, "type"));
        await client.StateAsync(id, "active");
    }

    [Fact, Trait("Rule", "SEC-3")]
    public async Task A_name_that_leads_to_a_private_address_afterwards_is_not_called()
    {
        await using var feed = await NewFeedAsync(WebhookClient.ForTests);
        await using var receiver = await WebhookReceiver.StartAsync();
        var client = new WebhookClient(feed);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await client.RegisterAsync(new UriBuilder(receiver.Url) { Host = "localhost" }.Uri, account.Domain), "id");
        await feed.StopAppAsync();

        // What was permitted when it was registered is not any more.
        await feed.StartAppAsync("--Hikyaku:Webhooks:FirstRetrySeconds=0.05");
        await feed.RecordAsync(account.Created());

        Assert.Equal("address-refused", Text(await client.StateAsync(id, "failing"), "reason"));
        Assert.Equal("address-refused", (await client.SendAsync(HttpMethod.Post, $"/{id}/test")).Text("error"));
        Assert.Empty(receiver.Got);
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task With_nobody_listening_or_without_the_database_it_waits_and_goes_on()
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        await using var feed = await FeedService.StartAsync(await postgres.AddDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), WebhookClient.ForTests);
        await using var receiver = await WebhookReceiver.StartAsync();
        var client = new WebhookClient(feed);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var dead = Text(await client.RegisterAsync(new("http://127.0.0.1:1/"), account.Domain), "id");
        await client.RegisterAsync(receiver.Url, account.Domain);
        await feed.RecordAsync(account.Created());
        Assert.Equal("connection", Text(await client.StateAsync(dead, "failing"), "reason"));
        await receiver.TakeAsync(1);

        await postgres.StopAsync();
        await feed.PublishAsync(account.Capacity(1));
        await postgres.StartAgainAsync();

        await Eventually.Async(() => receiver.Got.Last().Event["data"]!["capacityMb"]?.GetValue<int>() == 1, TimeSpan.FromSeconds(90));
    }

    private static async Task<object?> RunAsync(NpgsqlCommand command)
    {
        await using (command) return await command.ExecuteScalarAsync();
    }

    private static async Task<FeedService> NewFeedAsync(params string[] settings)
        => await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), settings);

    private static string Text(JsonNode node, string field) => node[field]!.GetValue<string>();
}
