using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Routing.Tests.Integration;

public sealed class Changing_routing(RoutingService service)
{
    private readonly Target _account = NewAccount();

    [Fact, Trait("Rule", "RTE-1")]
    public async Task Rules_are_set_listed_changed_and_removed()
    {
        var made = await service.ForwardAsync(_account, "all", null, "b@outside.test", "a@outside.test");
        Assert.Equal((HttpStatusCode.Created, "\"2\""), (made.Status, made.ETag));
        Assert.Equal(["all  a@outside.test", "all  b@outside.test"], made.Rules);
        var further = await service.ForwardAsync(_account, "subject", "見積", "c@outside.test", "a@outside.test");
        Assert.Equal(["subject 見積 a@outside.test c@outside.test"], further.Rules);
        var id = (string)further.Body!["items"]![0]!["id"]!;

        Assert.Equal(HttpStatusCode.NoContent, (await service.SendAsync(HttpMethod.Put, _account, $"forwarding-rules/{id}", new { condition = "from", keyword = "shop", destinations = new[] { "d@outside.test" } })).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await service.SendAsync(HttpMethod.Delete, _account, "forwarding-rules/1")).Status);

        var list = await service.GetAsync(_account, "forwarding-rules");
        Assert.Equal(["all  b@outside.test", "from shop d@outside.test"], list.Rules);
        Assert.Equal((1, 1, 0, 300), ((int)list.Body!["used"]!["all"]!, (int)list.Body["used"]!["from"]!, (int)list.Body["used"]!["subject"]!, (int)list.Body["limit"]!));
        Assert.Equal("\"5\"", list.ETag);
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Delete, _account, "forwarding-rules/1")).Status);
        Assert.Equal(["routing.no-such-rule"], (await service.SendAsync(HttpMethod.Delete, _account, "forwarding-rules/x")).Codes);
    }

    [Fact, Trait("Rule", "RTE-2"), Trait("Rule", "GWY-3")]
    public async Task What_is_refused_names_every_fault_in_the_readers_language_and_stores_nothing()
    {
        var refused = await service.SendAsync(HttpMethod.Post, _account, "forwarding-rules",
            new { condition = "subject", keyword = "", destinations = new[] { "-a@x.test", "good@x.test", "bad" } }, null, ("Accept-Language", "ja"));
        Assert.Equal((HttpStatusCode)422, refused.Status);
        Assert.Equal(["routing.keyword-length", "routing.destination-hyphen", "routing.destination-invalid"], refused.Codes);
        Assert.Equal("「bad」はメールアドレスとして正しくありません。", (string)refused.Body!["errors"]![2]!["detail"]!);
        Assert.Empty((await service.GetAsync(_account, "forwarding-rules")).Rules);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_dry_run_answers_the_same_and_stores_nothing()
    {
        var dry = await service.SendAsync(HttpMethod.Post, _account, "forwarding-rules?dryRun=true", new { condition = "all", destinations = new[] { "a@outside.test" } }, null, ("Idempotency-Key", "k1"));
        Assert.Equal((HttpStatusCode.Created, 1), (dry.Status, dry.Rules.Length));
        Assert.Empty((await service.GetAsync(_account, "forwarding-rules")).Rules);
        Assert.Equal((HttpStatusCode)422, (await service.SendAsync(HttpMethod.Put, _account, "autoreply?dryRun=true", new { text = "" })).Status);
        Assert.Equal(HttpStatusCode.OK, (await service.SendAsync(HttpMethod.Put, _account, "reception?dryRun=true", new { enabled = false })).Status);
        Assert.True((bool)(await service.GetAsync(_account, "reception")).Body!["enabled"]!);
    }

    [Fact, Trait("Rule", "RTE-7")]
    public async Task An_autoreply_is_set_read_and_removed()
    {
        Assert.Equal(["routing.no-autoreply"], (await service.GetAsync(_account, "autoreply")).Codes);
        var set = await service.SendAsync(HttpMethod.Put, _account, "autoreply", new { text = "留守です。\r\nまた。" });
        Assert.Equal((HttpStatusCode.OK, "留守です。\nまた。", "\"1\""), (set.Status, (string)set.Body!["text"]!, set.ETag));
        Assert.Equal("留守です。\nまた。", (string)(await service.GetAsync(_account, "autoreply")).Body!["text"]!);
        Assert.Equal((HttpStatusCode)412, (await service.SendAsync(HttpMethod.Put, _account, "autoreply", new { text = "x" }, null, ("If-Match", "\"7\""))).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await service.SendAsync(HttpMethod.Delete, _account, "autoreply")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await service.SendAsync(HttpMethod.Delete, _account, "autoreply")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await service.GetAsync(_account, "autoreply")).Status);
    }

    [Fact, Trait("Rule", "RTE-6")]
    public async Task Turning_reception_off_is_confirmed_where_mail_would_be_lost()
    {
        await service.ForwardAsync(_account, "from", "shop", "a@outside.test");
        var warned = await service.SendAsync(HttpMethod.Put, _account, "reception", new { enabled = false });
        Assert.Equal((428, "routing.unmatched-mail-is-lost"), ((int)warned.Status, warned.Codes.Single()));
        Assert.Equal(HttpStatusCode.OK, (await service.SendAsync(HttpMethod.Put, _account, "reception", new { enabled = false, confirm = true })).Status);
        Assert.Equal(428, (int)(await service.SendAsync(HttpMethod.Delete, _account, "forwarding-rules/1")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await service.SendAsync(HttpMethod.Delete, _account, "forwarding-rules/1?confirm=true")).Status);
        Assert.False((bool)(await service.GetAsync(_account, "reception")).Body!["enabled"]!);
    }

    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "ROLE-2")]
    public async Task Users_change_their_own_administrators_their_domain_and_nobody_another()
    {
        foreach (var caller in new[] { UserOf(_account), AdminOf(_account.Domain), new Caller(Roles.Operator, "operator", "s", [], "192.0.2.1", "api") })
            Assert.Equal(HttpStatusCode.OK, (await service.SendAsync(HttpMethod.Put, _account, "autoreply", new { text = caller.Role }, caller)).Status);
        foreach (var caller in new[] { UserOf(NewAccount()), AdminOf("another.example") })
            Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Put, _account, "autoreply", new { text = "x" }, caller)).Status);
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "RTE-10")]
    public async Task The_summary_shows_what_is_set_and_whether_the_nodes_obey_it()
    {
        var path = $"/internal/accounts/{_account.AccountId}/summary";
        await service.RenewLeaseAsync(long.MaxValue);
        Assert.Equal("""{"reception":true,"forwarding":false,"autoreply":false,"inForce":true}""", (await service.GetAsync(_account, path)).Text);
        await service.RenewLeaseAsync(0);
        await service.ForwardAsync(_account, "all", null, "a@outside.test");
        Assert.Equal("""{"reception":true,"forwarding":true,"autoreply":false,"inForce":false}""", (await service.GetAsync(_account, path)).Text);
        await service.RenewLeaseAsync(long.MaxValue);
        Assert.True((bool)(await service.GetAsync(_account, path)).Body!["inForce"]!);
        var before = DateTimeOffset.UtcNow.AddMinutes(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("""{"reception":true,"forwarding":false,"autoreply":false}""", (await service.GetAsync(_account, $"{path}?at={before}")).Text);
    }

    [Fact, Trait("Rule", "OPS-3")]
    public async Task Each_change_can_be_undone_alone_by_the_user_and_the_undo_too()
    {
        await service.ForwardAsync(_account, "subject", "one", "a@outside.test");
        await service.ForwardAsync(_account, "subject", "two", "b@outside.test");
        await service.SendAsync(HttpMethod.Put, _account, "autoreply", new { text = "away" });
        await service.SendAsync(HttpMethod.Delete, _account, "forwarding-rules/1");
        var items = await HistoryAsync();
        Assert.Equal(["routing.forwarding-rule-removed", "routing.autoreply-set", "routing.forwarding-rule-set", "routing.forwarding-rule-set"], items.Select(i => (string)i["type"]!));
        Assert.Equal([true, true, true, false], items.Select(i => (bool)i["undoable"]!));
        Assert.Equal("one", (string)items[0]["before"]!["forwardingRules/1"]!["keyword"]!);

        Assert.Equal(HttpStatusCode.OK, (await UndoAsync(items[0])).Status);
        Assert.Equal(["subject one a@outside.test", "subject two b@outside.test"], (await service.GetAsync(_account, "forwarding-rules")).Rules);
        Assert.Equal(HttpStatusCode.OK, (await UndoAsync(items[1])).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await service.GetAsync(_account, "autoreply")).Status);
        Assert.Equal(HttpStatusCode.OK, (await UndoAsync((await HistoryAsync())[0])).Status);
        Assert.Equal("away", (string)(await service.GetAsync(_account, "autoreply")).Body!["text"]!);
        Assert.Equal(HttpStatusCode.OK, (await UndoAsync(items[2])).Status);
        Assert.Equal(["subject one a@outside.test"], (await service.GetAsync(_account, "forwarding-rules")).Rules);
        Assert.Equal(HttpStatusCode.NotFound, (await UndoAsync(items[2], Guid.NewGuid().ToString())).Status);
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_node_is_listed_the_compiled_script_and_the_destinations()
    {
        await service.ForwardAsync(_account, "all", null, "a@outside.test");
        var state = await Eventually.Async(async () => (await service.ListAsync()).Split('\n').FirstOrDefault(l => l.Contains(_account.AccountId, StringComparison.Ordinal)), line => line is not null);
        var listed = JsonNode.Parse(state!)!;
        Assert.Equal("RoutingState", (string)listed["part"]!);
        Assert.Contains("redirect :copy", (string)listed["state"]!["script"]!, StringComparison.Ordinal);
        Assert.Equal(("a@outside.test", 0), ((string)listed["state"]!["forwards"]![0]!["destination"]!, (int)listed["state"]!["forwards"]![0]!["rule"]!));
    }

    [Fact, Trait("Rule", "RTE-4"), Trait("Rule", "ROLE-1")]
    public async Task A_rule_is_tried_by_the_user_alone_and_a_bad_one_is_refused()
    {
        Assert.Equal(HttpStatusCode.Forbidden, (await TryAsync(AdminOf(_account.Domain), "x")).Status);
        Assert.Equal(["routing.keyword-length"], (await TryAsync(UserOf(_account), "")).Codes);

        Task<Reply> TryAsync(Caller caller, string keyword) => service.SendAsync(HttpMethod.Post, _account, "forwarding-rules/preview", new { condition = "subject", keyword }, caller);
    }

    private async Task<List<JsonNode>> HistoryAsync() => [.. (await service.GetAsync(_account, "history")).Body!["items"]!.AsArray().Select(i => i!)];

    private Task<Reply> UndoAsync(JsonNode item, string? id = null) => service.SendAsync(HttpMethod.Post, _account, $"history/{id ?? (string)item["id"]!}/undo", new { });
}
