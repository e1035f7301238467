using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>A feed that may call receivers on loopback.</summary>
public sealed class WebhookFeed : IAsyncLifetime
{
    public FeedService Feed { get; private set; } = null!;

    public async ValueTask InitializeAsync()
        => Feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), WebhookClient.ForTests);

    public ValueTask DisposeAsync() => Feed.DisposeAsync();
}

[Trait("Rule", "OPS-2")]
public sealed class Delivering_to_webhooks(WebhookFeed fixture) : IClassFixture<WebhookFeed>
{
    private readonly FeedService _feed = fixture.Feed;
    private readonly WebhookClient _client = new(fixture.Feed);

    [Fact]
    public async Task What_is_filtered_arrives_in_order_as_CloudEvents_signed_with_the_secret()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var (taro, other) = (new Published_contracts(Published_contracts.NewDomain()), new Published_contracts(Published_contracts.NewDomain()));
        var hook = await _client.RegisterAsync(receiver.Url, taro.Domain, types: ["accounts.mail-account-created", "accounts.mail-account-capacity-changed"]);
        await _feed.RecordAsync([taro.Created(), other.Created(), .. Enumerable.Range(1, 30).Select(n => (object)taro.Capacity(n)), taro.PasswordChanged(), other.Capacity(1), taro.Capacity(31)]);

        var got = await receiver.TakeAsync(32);
        var recorded = await _feed.Log.ReadAsync(0, new([taro.Domain], null, ["accounts.mail-account-created", "accounts.mail-account-capacity-changed"]), 100);
        Assert.Equal(recorded.Select(e => e.Id.ToString()), got.Select(d => d.Id));
        Assert.All(got, d =>
        {
            Assert.Equal(d.Id, Text(d.Event, "id"));
            Assert.Equal("1.0", Text(d.Event, "specversion"));
            Assert.StartsWith("application/cloudevents+json", d.ContentType, StringComparison.Ordinal);
            Assert.True(d.IsSignedWith(Text(hook, "secret")));
            Assert.InRange(long.Parse(d.Timestamp, null), DateTimeOffset.UtcNow.ToUnixTimeSeconds() - 60, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + 1);
        });
        var deliveries = await Eventually.Async(() => _client.DeliveriesAsync(Text(hook, "id")), d => d.Count == 32);
        Assert.Equal(got.Select(d => d.Id), deliveries.Reverse().Select(d => Text(d!, "eventId")));
        Assert.All(deliveries, d => Assert.Equal(204, d!["status"]!.GetValue<int>()));
        Assert.Equal(Text(got[^1].Event, "position"), Text(await _client.ReadAsync(Text(hook, "id")), "position"));
    }

    [Fact]
    public async Task What_a_receiver_cannot_take_is_tried_again_until_it_can_and_the_order_stays()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.AnswerStatus(500);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await _client.RegisterAsync(receiver.Url, account.Domain), "id");
        await _feed.RecordAsync(account.Created(), account.Capacity(1), account.Capacity(2));

        var failing = await _client.StateAsync(id, "failing");
        Assert.Equal("status", Text(failing, "reason"));
        var tries = await receiver.TakeAsync(3);
        Assert.Single(tries.Select(t => t.Id).Distinct());
        Assert.All(tries, t => Assert.Equal("accounts.mail-account-created", Text(t.Event, "type")));

        receiver.Got.Clear();
        receiver.AnswerStatus(200);
        var hook = await _client.StateAsync(id, "active");
        Assert.Null(hook["reason"]);
        await Eventually.Async(() => receiver.Got.LastOrDefault()?.Event["data"]!["capacityMb"]?.GetValue<int>() == 2);
        var deliveries = (await Eventually.Async(() => _client.DeliveriesAsync(id), d => d.Count(x => x!["error"] is null) == 3)).Reverse().ToList();
        var last = deliveries.First(d => d!["error"] is null)!;
        Assert.Equal(deliveries.IndexOf(last) + 1, last["attempt"]!.GetValue<int>());
        Assert.All(deliveries.TakeWhile(d => d != last), d => Assert.Equal("status", Text(d!, "error")));
    }

    [Theory]
    [InlineData(429, true)]
    [InlineData(503, true)]
    [InlineData(500, false)] // says nothing about when
    public async Task A_receiver_that_asks_to_be_left_alone_for_a_while_is(int status, bool isHeard)
    {
        await using var feed = await FeedService.StartAsync(
            await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), [.. WebhookClient.ForTests, "--Hikyaku:Webhooks:LongestRetrySeconds=3600"]);
        var client = new WebhookClient(feed);
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.Answer = (http, _) =>
        {
            // As seconds at first, then as a time.
            http.Response.Headers.RetryAfter = receiver.Got.Count == 1 ? "3" : DateTimeOffset.UtcNow.AddMinutes(30).ToString("R", null);
            http.Response.StatusCode = status;
            return Task.CompletedTask;
        };
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await client.RegisterAsync(receiver.Url, account.Domain), "id");
        await feed.RecordAsync(account.Created());

        var got = await receiver.TakeAsync(2);
        Assert.Equal(isHeard, got[1].At - got[0].At >= TimeSpan.FromSeconds(3));
        var failing = await Eventually.Async(() => client.ReadAsync(id), h => h["failures"]!.GetValue<int>() >= 2);
        Assert.Equal(isHeard, DateTimeOffset.Parse(Text(failing, "nextAttemptAt"), null) > DateTimeOffset.UtcNow.AddMinutes(25));

        receiver.AnswerStatus(204);
        Assert.Equal(HttpStatusCode.OK, (await client.SendAsync(HttpMethod.Post, $"/{id}/replay")).Status); // an operator need not wait
        await client.StateAsync(id, "active");
    }

    [Fact]
    public async Task A_receiver_that_hangs_keeps_only_itself_waiting()
    {
        await using var slow = await WebhookReceiver.StartAsync();
        await using var quick = await WebhookReceiver.StartAsync();
        slow.Hang();
        var account = new Published_contracts(Published_contracts.NewDomain());
        var stuck = Text(await _client.RegisterAsync(slow.Url, account.Domain), "id");
        await _client.RegisterAsync(quick.Url, account.Domain);
        await _feed.RecordAsync(account.Created());
        await slow.TakeAsync(1);

        await _feed.RecordAsync([.. Enumerable.Range(1, 20).Select(n => (object)account.Capacity(n))]);
        Assert.Equal(21, (await quick.TakeAsync(21)).Count);
        var hook = await _client.StateAsync(stuck, "failing");
        Assert.Equal("timeout", Text(hook, "reason"));
        Assert.All(slow.Got, d => Assert.Equal("accounts.mail-account-created", Text(d.Event, "type")));
    }

    [Fact, Trait("Rule", "SEC-3")]
    public async Task A_redirect_is_a_failure_and_is_not_followed()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var hidden = await WebhookReceiver.StartAsync();
        receiver.Answer = (http, _) =>
        {
            (http.Response.StatusCode, http.Response.Headers.Location) = (307, hidden.Url.ToString());
            return Task.CompletedTask;
        };
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await _client.RegisterAsync(receiver.Url, account.Domain), "id");
        await _feed.RecordAsync(account.Created());

        Assert.Equal("redirect", Text(await _client.StateAsync(id, "failing"), "reason"));
        await receiver.TakeAsync(2);
        Assert.Empty(hidden.Got);
    }

    [Fact]
    public async Task A_receiver_that_says_410_is_paused_at_once_and_goes_on_when_asked_for()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        receiver.AnswerStatus(410);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await _client.RegisterAsync(receiver.Url, account.Domain), "id");
        await _feed.RecordAsync(account.Created(), account.Capacity(1));

        Assert.Equal("gone", Text(await _client.StateAsync(id, "paused"), "reason"));
        Assert.Single(await _client.DeliveriesAsync(id));

        receiver.AnswerStatus(204);
        var resumed = await _client.SendAsync(HttpMethod.Post, $"/{id}/replay");
        Assert.Equal((HttpStatusCode.OK, "active"), (resumed.Status, resumed.Text("state")));
        var got = await receiver.TakeAsync(3);
        Assert.Equal(got[0].Id, got[1].Id);
        Assert.Equal(1, got[2].Event["data"]!["capacityMb"]!.GetValue<int>());
    }

    [Fact]
    public async Task It_is_replayed_from_a_position()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await _client.RegisterAsync(receiver.Url, account.Domain), "id");
        await _feed.RecordAsync(account.Created(), account.Capacity(1), account.Capacity(2), account.Capacity(3));
        var got = await receiver.TakeAsync(4);
        await Eventually.Async(async () => (await _client.DeliveriesAsync(id)).Count == 4);

        var replayed = await _client.SendAsync(HttpMethod.Post, $"/{id}/replay?after={Text(got[1].Event, "position")}");
        Assert.Equal(HttpStatusCode.OK, replayed.Status);
        Assert.Equal([.. got.Select(d => d.Id), got[2].Id, got[3].Id], (await receiver.TakeAsync(6)).Select(d => d.Id));

        var never = await _client.SendAsync(HttpMethod.Post, $"/{id}/replay?after={long.MaxValue}");
        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (never.Status, never.Codes.Single()));
    }

    [Fact]
    public async Task One_that_is_registered_late_gets_what_was_before_when_it_asks_for_it()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        await _feed.RecordAsync(account.Created(), account.Capacity(1));

        await _client.RegisterAsync(receiver.Url, account.Domain, after: "0");

        Assert.Equal(["accounts.mail-account-created", "accounts.mail-account-capacity-changed"], (await receiver.TakeAsync(2)).Select(d => Text(d.Event, "type")));
    }

    [Fact]
    public async Task After_a_rotation_both_secrets_sign_until_the_former_ends()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        var hook = await _client.RegisterAsync(receiver.Url, account.Domain);
        var (id, first) = (Text(hook, "id"), Text(hook, "secret"));

        var rotated = await _client.SendAsync(HttpMethod.Post, $"/{id}/rotate-secret");
        var second = rotated.Text("secret");
        Assert.NotEqual(first, second);
        Assert.InRange(DateTimeOffset.Parse(rotated.Text("formerSecretUntil"), null) - DateTimeOffset.UtcNow, TimeSpan.FromHours(23.9), TimeSpan.FromHours(24));
        await _feed.RecordAsync(account.Created());
        var both = (await receiver.TakeAsync(1))[0];
        Assert.True(both.IsSignedWith(first));
        Assert.True(both.IsSignedWith(second));

        await RunAsync("update webhook set former_secret_until = now() where id = $1", id);
        await _feed.RecordAsync(account.Capacity(1));
        var one = (await receiver.TakeAsync(2))[1];
        Assert.False(one.IsSignedWith(first));
        Assert.True(one.IsSignedWith(second));
    }

    [Fact]
    public async Task A_test_sends_one_event_of_its_own_and_moves_nothing()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var hook = await _client.RegisterAsync(receiver.Url, Published_contracts.NewDomain());
        var id = Text(hook, "id");

        var good = await _client.SendAsync(HttpMethod.Post, $"/{id}/test");
        receiver.AnswerStatus(503);
        var bad = await _client.SendAsync(HttpMethod.Post, $"/{id}/test");

        Assert.Equal(204, good.Body!["status"]!.GetValue<int>());
        Assert.Null(good.Body["error"]);
        Assert.Equal("status", bad.Text("error"));
        var got = await receiver.TakeAsync(2);
        Assert.All(got, d => Assert.Equal("feed.webhook-tested", Text(d.Event, "type")));
        Assert.All(got, d => Assert.True(d.IsSignedWith(Text(hook, "secret"))));
        var after = await _client.ReadAsync(id);
        Assert.Equal(("active", Text(hook, "position")), (Text(after, "state"), Text(after, "position")));
        Assert.Equal(2, (await _client.DeliveriesAsync(id)).Count);
    }

    [Fact]
    public async Task A_removed_one_gets_nothing_more()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        await using var witness = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        var id = Text(await _client.RegisterAsync(receiver.Url, account.Domain), "id");
        await _client.RegisterAsync(witness.Url, account.Domain);

        Assert.Equal(HttpStatusCode.NoContent, (await _client.SendAsync(HttpMethod.Delete, $"/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(HttpMethod.Get, $"/{id}")).Status);
        await _feed.RecordAsync(account.Created(), account.Capacity(1));
        await witness.TakeAsync(2);
        Assert.Empty(receiver.Got);
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task What_an_erased_account_leaves_behind_are_ids_and_kinds()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        await _feed.RecordAsync(account.Created());
        var registered = await _client.SendAsync(HttpMethod.Post, body: new { url = receiver.Url, account = account.Address, after = "0" });
        Assert.Equal(account.AccountId, registered.Text("account"));
        await _feed.RecordAsync(account.PasswordChanged(), account.DeletionStarted());
        await receiver.TakeAsync(3);

        await using var source = NpgsqlDataSource.Create(_feed.Database);
        await using var command = source.CreateCommand("select count(*) from webhook w left join webhook_delivery d on d.webhook_id = w.id where (w::text || coalesce(d::text, '')) like $1");
        command.Parameters.Add(new() { Value = $"%{account.Address}%" });
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }

    private async Task RunAsync(string sql, string id)
    {
        await using var source = NpgsqlDataSource.Create(_feed.Database);
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new() { Value = Guid.Parse(id) });
        Assert.Equal(1, await command.ExecuteNonQueryAsync());
    }

    private static string Text(JsonNode node, string field) => node[field]!.GetValue<string>();
}
