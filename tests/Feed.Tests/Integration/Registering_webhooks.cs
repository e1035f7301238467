using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "OPS-2")]
public sealed class Registering_webhooks(FeedFixture fixture)
{
    // The shared feed allows no private network, as in production: an address of a public network needs no name server.
    private static readonly object Good = new { url = "https://1.1.1.1/hook" };
    private readonly FeedService _feed = fixture.Feed;
    private readonly WebhookClient _client = new(fixture.Feed);

    [Fact, Trait("Rule", "SEC-4")]
    public async Task The_secret_is_shown_once_and_kept_sealed()
    {
        var registered = await _client.SendAsync(HttpMethod.Post, body: new { url = "https://1.1.1.1/hook", domain = "EXAMPLE.jp", description = "帳票" });
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        var (id, secret) = (registered.Text("id"), registered.Text("secret"));
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);
        Assert.Equal(32, Convert.FromBase64String(secret["whsec_".Length..]).Length);
        Assert.Equal(("example.jp", "帳票", "active", "\"1\""), (registered.Text("domain"), registered.Text("description"), registered.Text("state"), registered.ETag));

        Assert.Null((await _client.ReadAsync(id))["secret"]);
        Assert.DoesNotContain("whsec_", (await _client.SendAsync(HttpMethod.Get)).Body!.ToJsonString(), StringComparison.Ordinal);
        await using var source = NpgsqlDataSource.Create(_feed.Database);
        await using var command = source.CreateCommand("select encode(secret, 'escape') from webhook where id = $1");
        command.Parameters.Add(new() { Value = Guid.Parse(id) });
        Assert.DoesNotContain("whsec_", (string)(await command.ExecuteScalarAsync())!, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "SEC-3")]
    [InlineData("https://127.0.0.1/")]
    [InlineData("https://127.1/")]
    [InlineData("https://2130706433/")]
    [InlineData("https://0x7f000001/")]
    [InlineData("https://017700000001/")]
    [InlineData("https://localhost/")]
    [InlineData("https://0.0.0.0/")]
    [InlineData("https://10.1.2.3/")]
    [InlineData("https://172.31.255.255:8443/")]
    [InlineData("https://192.168.0.1/")]
    [InlineData("https://100.64.0.1/")]
    [InlineData("https://169.254.169.254/latest/meta-data/")]
    [InlineData("https://224.0.0.1/")]
    [InlineData("https://255.255.255.255/")]
    [InlineData("https://[::1]/")]
    [InlineData("https://[::]/")]
    [InlineData("https://[::ffff:10.0.0.1]/")]
    [InlineData("https://[::ffff:a9fe:a9fe]/")]
    [InlineData("https://[::127.0.0.1]/")]
    [InlineData("https://[64:ff9b::a00:1]/")]
    [InlineData("https://[2002:7f00:1::]/")]
    [InlineData("https://[2001:0:a00:1::]/")]
    [InlineData("https://[fe80::1]/")]
    [InlineData("https://[fd00:ec2::254]/")]
    [InlineData("https://[ff02::1]/")]
    [InlineData("http://1.1.1.1/")] // public, but without TLS
    public async Task Where_it_may_not_send_is_refused(string url)
    {
        var refused = await _client.SendAsync(HttpMethod.Post, body: new { url });
        Assert.Equal(HttpStatusCode.UnprocessableEntity, refused.Status);
        Assert.Equal(["webhooks.address-refused"], refused.Codes);
        Assert.Equal("url", refused.Body!["errors"]![0]!["field"]!.GetValue<string>());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("hook")]
    [InlineData("//1.1.1.1/")]
    [InlineData("ftp://1.1.1.1/")]
    [InlineData("file:///etc/passwd")]
    [InlineData("gopher://1.1.1.1/")]
    [InlineData("https://user:word@1.1.1.1/")]
    [InlineData("https://1.1.1.1/#part")]
    [InlineData("https://1.1.1.1/\r\nX: y")]
    [InlineData("https:// 1.1.1.1/")]
    public async Task What_is_no_address_of_a_receiver_is_refused(string? url)
    {
        var refused = await _client.SendAsync(HttpMethod.Post, body: new { url });
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "webhooks.url-invalid"), (refused.Status, refused.Codes.Single()));
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task Every_broken_rule_is_named_in_the_readers_language()
    {
        var body = new { url = "https://nowhere.invalid/", domain = "a b", account = "nobody@example.jp", types = new[] { "accounts.unheard-of" }, description = new string('x', 201), after = "-1" };
        var english = await _client.SendAsync(HttpMethod.Post, body: body);
        var japanese = await _client.SendAsync(HttpMethod.Post, body: body, language: "ja");

        Assert.Equal(
            ["webhooks.host-unresolvable", "webhooks.domain-invalid", "webhooks.account-unknown", "webhooks.type-unknown", "webhooks.description-invalid", "request.bad-parameter"],
            english.Codes);
        Assert.Equal(english.Codes, japanese.Codes);
        Assert.Contains("ホスト名", japanese.Text("detail"), StringComparison.Ordinal);
        Assert.Contains("200", japanese.Text("detail"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_another_shape_is_malformed()
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.SendAsync(HttpMethod.Post, body: new { url = 5 })).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.SendAsync(HttpMethod.Post, body: new { url = "https://1.1.1.1/", secret = "mine" })).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await _client.SendAsync(HttpMethod.Get, "?limit=0&cursor=x")).Status);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task The_same_key_registers_once_and_answers_the_same_secret_again()
    {
        var key = Guid.NewGuid().ToString();
        var first = await _client.SendAsync(HttpMethod.Post, body: Good, key: key);
        var again = await _client.SendAsync(HttpMethod.Post, body: Good, key: key);
        var other = await _client.SendAsync(HttpMethod.Post, body: new { url = "https://1.1.1.1/other" }, key: key);

        Assert.Equal((first.Text("id"), first.Text("secret")), (again.Text("id"), again.Text("secret")));
        Assert.Equal("request.idempotency-key-reused", other.Codes.Single());
    }

    [Fact, Trait("Rule", "SEC-4")]
    public async Task The_secret_is_in_no_log_and_no_trace_whatever_is_done_with_it()
    {
        var spans = new ConcurrentQueue<string>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = _ => true,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = a => spans.Enqueue($"{a.DisplayName} {a.StatusDescription} {string.Join(' ', a.TagObjects)} {string.Join(' ', a.Events.SelectMany(e => e.Tags))}"),
        };
        ActivitySource.AddActivityListener(listener);
        await using var feed = await FeedService.StartAsync(
            await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(),
            [.. WebhookClient.ForTests, "--Logging:LogLevel:Default=Trace", "--Logging:Console:LogLevel:Default=None"]);
        using var log = new LogOf(feed.Logging);
        var client = new WebhookClient(feed);
        await using var receiver = await WebhookReceiver.StartAsync();
        var account = new Published_contracts(Published_contracts.NewDomain());
        var hook = await client.RegisterAsync(receiver.Url, account.Domain);
        await feed.RecordAsync(account.Created());
        await receiver.TakeAsync(1);
        receiver.AnswerStatus(500); // and what is said of failures
        await feed.RecordAsync(account.Capacity(1));
        await client.StateAsync(hook["id"]!.GetValue<string>(), "failing");

        var secret = hook["secret"]!.GetValue<string>();
        foreach (var text in new[] { log.ToString(), string.Join('\n', spans) })
        {
            Assert.Contains(receiver.Url.AbsolutePath, text, StringComparison.Ordinal); // it is where the secret could be
            Assert.DoesNotContain(secret["whsec_".Length..], text, StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_stale_version_changes_nothing()
    {
        var id = (await _client.SendAsync(HttpMethod.Post, body: Good)).Text("id");
        var rotated = await _client.SendAsync(HttpMethod.Post, $"/{id}/rotate-secret", ifMatch: "\"1\"");
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (rotated.Status, rotated.ETag));

        Assert.Equal(HttpStatusCode.PreconditionFailed, (await _client.SendAsync(HttpMethod.Post, $"/{id}/rotate-secret", ifMatch: "\"1\"")).Status);
        Assert.Equal(HttpStatusCode.PreconditionFailed, (await _client.SendAsync(HttpMethod.Delete, $"/{id}", ifMatch: "\"1\"")).Status);
        Assert.Equal("\"2\"", (await _client.SendAsync(HttpMethod.Get, $"/{id}")).ETag);
    }

    [Fact]
    public async Task They_are_listed_by_pages()
    {
        var ids = new List<string>();
        for (var n = 0; n < 3; n++) ids.Add((await _client.SendAsync(HttpMethod.Post, body: Good)).Text("id"));

        var seen = new List<string>();
        for (var query = "?limit=2"; query is not null;)
        {
            var page = await _client.SendAsync(HttpMethod.Get, query);
            seen.AddRange(page.Body!["items"]!.AsArray().Select(i => i!["id"]!.GetValue<string>()));
            Assert.Equal(page.Body["next"] is null, page.Link is null);
            query = page.Body["next"] is { } next ? $"?limit=2&cursor={next.GetValue<string>()}" : null;
        }

        Assert.Subset(seen.ToHashSet(), ids.ToHashSet());
        Assert.Equal(seen.Count, seen.Distinct().Count());
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task They_are_for_operators_alone()
    {
        var id = (await _client.SendAsync(HttpMethod.Post, body: Good)).Text("id");
        (HttpMethod Method, string Path)[] calls =
        [
            (HttpMethod.Get, ""), (HttpMethod.Post, ""), (HttpMethod.Get, $"/{id}"), (HttpMethod.Delete, $"/{id}"), (HttpMethod.Get, $"/{id}/deliveries"),
            (HttpMethod.Post, $"/{id}/replay"), (HttpMethod.Post, $"/{id}/test"), (HttpMethod.Post, $"/{id}/rotate-secret"),
        ];
        foreach (var (method, path) in calls)
        {
            var body = method == HttpMethod.Post && path.Length == 0 ? Good : null;
            Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(method, path, body, _feed.Token(Roles.Admin, "admin1", "example.jp"))).Status);
            Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(method, path, body, _feed.Token(Roles.User, "taro@example.jp"))).Status);
        }

        foreach (var (method, path) in calls.Where(c => c.Path.Length > 0))
            Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(method, path.Replace(id, Guid.NewGuid().ToString("N"), StringComparison.Ordinal))).Status);
    }
}
