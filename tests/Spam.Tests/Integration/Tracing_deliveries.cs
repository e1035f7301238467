using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Spam.Tests.Integration;

/// <summary>Where messages went, as nodes tell it and as people read it.</summary>
[Trait("Rule", "OPS-4")]
public sealed class Tracing_deliveries(SpamService service) : IClassFixture<SpamService>
{
    private static readonly DateTimeOffset Now = new(DateTime.UtcNow.Ticks / 10_000_000 * 10_000_000, TimeSpan.Zero);
    private readonly Target _account = SpamService.NewAccount();
    private int _steps;

    [Fact]
    public async Task A_message_is_listed_with_its_outcome_and_read_with_its_steps_in_order()
    {
        await TellAsync(
            Received("q1", Now) with { MessageId = "m1@outside.test", Size = 4711, Client = "mail.outside.test[192.0.2.7]" },
            Step("stored", Now.AddSeconds(1)) with { Session = "s1", Folder = "INBOX" },
            Step("replied", Now.AddSeconds(1)) with { Session = "s1", Way = "reply", Recipient = "stranger@outside.test" },
            Step("sent", Now.AddSeconds(2), "q1") with { Session = "s1", Recipient = _account.Address, Answer = "250 Saved" },
            Step("forwarded", Now.AddSeconds(1), "q1") with { Way = "forward", Rules = "3", Session = "s1" },
            Step("sent", Now.AddSeconds(4), "q1") with { Way = "forward", Rules = "3", Recipient = "x@outside.test", Relay = "mx.outside.test[192.0.2.9]:25", Dsn = "2.0.0", Answer = "250 thanks" },
            Step("bounced", Now.AddSeconds(3), "q1") with { Way = "forward", Rules = "3", Recipient = "y@outside.test", Relay = "mx.outside.test[192.0.2.9]:25", Dsn = "5.1.1", Answer = "host said: 550 no" },
            Step("sent", Now.AddSeconds(5)) with { Way = "reply", Cause = "m1@outside.test", Recipient = "stranger@outside.test", Answer = "250 ok" },
            Step("judged", Now, "q1") with { Verdict = new("ham", -1.5) });

        var item = Assert.Single((await ListAsync())["items"]!.AsArray())!;
        Assert.Equal("""{"result":"stored","stored":"INBOX","forwardedTo":["x@outside.test"],"replied":true}""", item["outcome"]!.ToJsonString());
        Assert.Equal(("stranger@outside.test", "m1@outside.test", 4711L, "smtp", "ham"), ((string?)item["sender"], (string?)item["messageId"], (long)item["size"]!, (string?)item["door"], (string?)item["verdict"]));
        Assert.Null(item["steps"]);

        var read = (await ReadAsync((string)item["id"]!)).Body!;
        Assert.Equal(
            [
                "reception taken  mail.outside.test[192.0.2.7]", "spam judged ham ", "forwarding forwarded  ", "forwarding bounced host said: 550 no mx.outside.test[192.0.2.9]:25",
                "forwarding sent 250 thanks mx.outside.test[192.0.2.9]:25", "autoreply replied  ", "autoreply sent 250 ok ", "storage stored  ",
            ],
            read["steps"]!.AsArray().Select(s => $"{s!["by"]} {s["what"]} {s["why"]} {s["server"]}"));
        Assert.Equal("forwarding-rules/3", (string)read["steps"]![3]!["setting"]!);
    }

    [Theory]
    [InlineData("stored", "Junk", "junk")]
    [InlineData("dropped", null, "dropped")]
    [InlineData("deferred", null, "waiting")]
    [InlineData("bounced", null, "returned")]
    [InlineData("expired", null, "returned")]
    public async Task The_outcome_is_that_of_the_last_step(string kind, string? folder, string result)
    {
        await TellAsync(Received("q1", Now), Step("deferred", Now.AddSeconds(1), "q1"), Step(kind, Now.AddSeconds(2), "q1") with { Folder = folder });
        Assert.Equal(result, (string)(await ListAsync())["items"]![0]!["outcome"]!["result"]!);
    }

    [Theory]
    [InlineData("waiting", "forwarded")]
    [InlineData("waiting", "forwarded", "deferred")]
    [InlineData("returned", "forwarded", "deferred", "bounced")]
    [InlineData("returned", "forwarded", "deferred", "expired")]
    [InlineData("forwarded", "forwarded", "deferred", "sent")]
    [InlineData("dropped")]
    public async Task What_is_not_stored_has_the_outcome_of_its_copies(string result, params string[] copy)
    {
        var dropped = Step("dropped", Now.AddSeconds(1)) with { Session = "s1" };
        var sent = Step("sent", Now.AddSeconds(1), "q1") with { Session = "s1" };
        await TellAsync([Received("q1", Now), dropped, sent, .. copy.Select((kind, n) => Step(kind, Now.AddSeconds(n + 1), "q1") with
        {
            Way = "forward", Rules = "0", Recipient = kind == "forwarded" ? null : "x@outside.test", Session = kind == "forwarded" ? "s1" : null,
        })]);
        var item = (await ListAsync())["items"]![0]!;
        Assert.Equal(result, (string)item["outcome"]!["result"]!);
        Assert.Contains((await ReadAsync((string)item["id"]!)).Body!["steps"]!.AsArray(), s => (string)s!["what"]! == "dropped" && (string?)s["setting"] == "reception");
    }

    [Theory, Trait("Rule", "RTE-3")]
    [InlineData("ham", "forwarding", "looped", "forwarding-rules")]
    [InlineData("virus", "storage", null, null)]
    public async Task A_message_that_has_come_back_is_dropped_by_forwarding_unless_it_is_a_virus(string verdict, string by, string? why, string? setting)
    {
        await TellAsync(
            Received("q1", Now), Step("judged", Now, "q1") with { Verdict = new(verdict, 0, null) }, Step("dropped", Now.AddSeconds(1)) with { Session = "s1", Answer = "looped" },
            Step("sent", Now.AddSeconds(1), "q1") with { Session = "s1" });
        var steps = (await ReadAsync((string)(await ListAsync())["items"]![0]!["id"]!)).Body!["steps"]!.AsArray();
        var dropped = steps.Single(s => (string)s!["what"]! == "dropped")!;
        Assert.Equal((by, why, setting), ((string)dropped["by"]!, (string?)dropped["why"], (string?)dropped["setting"]));
    }

    [Fact]
    public async Task A_virus_that_a_script_drops_is_no_matter_of_reception()
    {
        await TellAsync(
            Received("q1", Now), Step("judged", Now, "q1") with { Verdict = new("virus", 0, "Eicar") }, Step("dropped", Now.AddSeconds(1)) with { Session = "s1" },
            Step("sent", Now.AddSeconds(1), "q1") with { Session = "s1" });
        var steps = (await ReadAsync((string)(await ListAsync())["items"]![0]!["id"]!)).Body!["steps"]!.AsArray();
        Assert.Null(steps.Single(s => (string)s!["what"]! == "dropped")!["setting"]);
    }

    [Fact]
    public async Task A_refusal_at_the_door_stands_alone_with_its_text()
    {
        var refused = Step("refused", Now) with { Sender = "stranger@outside.test", Recipient = _account.Address, Dsn = "5.2.2", Answer = "552 5.2.2 full", Door = "smtp" };
        await TellAsync(refused with { Delivery = refused.Id });
        var item = Assert.Single((await ListAsync())["items"]!.AsArray())!;
        Assert.Equal(("refused", "552 5.2.2 full"), ((string)item["outcome"]!["result"]!, (string)item["outcome"]!["refused"]!));
        Assert.Equal("restriction", (string)(await ReadAsync((string)item["id"]!)).Body!["steps"]![0]!["by"]!);
    }

    [Fact, Trait("Rule", "SPM-4")]
    public async Task Score_and_name_of_a_virus_are_for_operators_only()
    {
        await TellAsync(Received("q1", Now), Step("judged", Now, "q1") with { Verdict = new("virus", 15, "Eicar") }, Step("dropped", Now.AddSeconds(1), "q1"));
        var id = (string)(await ListAsync())["items"]![0]!["id"]!;
        foreach (var caller in new[] { SpamService.UserOf(_account), SpamService.AdminOf(_account.Domain) })
        {
            var answer = await ReadAsync(id, caller);
            Assert.Equal(("virus", "virus"), ((string)answer.Body!["verdict"]!, (string)answer.Body["outcome"]!["result"]!));
            Assert.DoesNotContain("Eicar", answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("\"score\"", answer.Text, StringComparison.Ordinal);
        }

        var step = (await ReadAsync(id, SpamService.Operator)).Body!["steps"]!.AsArray().Single(s => (string)s!["what"]! == "judged")!;
        Assert.Equal((15.0, "Eicar"), ((double)step["score"]!, (string)step["virus"]!));
    }

    [Fact, Trait("Rule", "OPS-7"), Trait("Rule", "REL-3")]
    public async Task Steps_that_come_twice_or_in_any_order_are_there_once()
    {
        DeliveryObserved[] steps = [Step("sent", Now.AddSeconds(2), "q1") with { Session = "s1" }, Step("stored", Now.AddSeconds(1)) with { Session = "s1", Folder = "INBOX" }, Received("q1", Now)];
        await TellAsync(steps[0]);
        await TellAsync(steps[1], steps[2]);
        await TellAsync(steps);
        var id = (string)Assert.Single((await ListAsync())["items"]!.AsArray())!["id"]!;
        Assert.Equal(["taken", "stored"], (await ReadAsync(id)).Body!["steps"]!.AsArray().Select(s => (string)s!["what"]!));
    }

    [Fact]
    public async Task A_list_comes_in_pages_newest_first_and_by_what_is_searched()
    {
        for (var i = 0; i < 5; i++) await TellAsync(Received($"q{i}", Now.AddMinutes(-i)) with { MessageId = $"m{i}@outside.test", Sender = i % 2 == 0 ? "Even@outside.test" : "odd@outside.test" });
        await TellAsync(Received("q9", Now) with { Direction = "sent", MessageId = "own@example.jp" });
        var pages = new List<string>();
        string? cursor = null;
        do
        {
            var page = await ListAsync($"?limit=2{(cursor is null ? "" : $"&cursor={cursor}")}");
            pages.Add(Ids(page));
            cursor = (string?)page["next"];
        }
        while (cursor is not null);

        Assert.Equal(["m0 m1", "m2 m3", "m4"], pages);
        Assert.Equal("m0 m2 m4", Ids(await ListAsync("?sender=EVEN")));
        Assert.Equal("m3", Ids(await ListAsync("?messageId=%3Cm3@outside.test%3E")));
        Assert.Equal("m1 m2", Ids(await ListAsync($"?from={Time(Now.AddMinutes(-2))}&to={Time(Now.AddMinutes(-1))}")));
        Assert.Equal("own", Ids(await ListAsync("?direction=sent")));
        Assert.Equal("", Ids(await ListAsync("?sender=%25")));
        Assert.Equal(30, (int)(await ListAsync())["keptDays"]!);
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("from=yesterday")]
    [InlineData("to=2026-11-29")]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("cursor=xyz")]
    [InlineData("direction=sideways")]
    [InlineData("sender=%00")]
    [InlineData("cursor=eyJWYWx1ZSI6IjEiLCJLZXkiOiIxIiwiQmFjayI6ZmFsc2V9")]
    public async Task What_cannot_be_read_is_a_bad_parameter(string query)
    {
        var answer = await service.GetAsync(_account, $"deliveries?{query}");
        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (answer.Status, answer.Codes.Single()));
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("x")]
    [InlineData("AAAA")]
    [InlineData("MS8AL2I")]
    [InlineData("OTk5OTk5OTk5OTk5OTk5OTk5OS9hL2I")]
    public async Task A_name_that_is_none_is_not_there(string id) => Assert.Equal(HttpStatusCode.NotFound, (await ReadAsync(id)).Status);

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Messages_of_others_are_not_there()
    {
        await TellAsync(Received("q1", Now));
        var id = (string)(await ListAsync())["items"]![0]!["id"]!;
        var other = SpamService.NewAccount(_account.Domain);
        Assert.Equal(HttpStatusCode.NotFound, (await service.GetAsync(other, $"deliveries/{id}")).Status);
        Assert.Empty((await service.GetAsync(other, "deliveries")).Body!["items"]!.AsArray());
        foreach (var caller in new[] { SpamService.UserOf(other), SpamService.AdminOf("another.example") })
        {
            Assert.Equal(HttpStatusCode.NotFound, (await ReadAsync(id, caller)).Status);
            Assert.Equal(HttpStatusCode.NotFound, (await service.GetAsync(_account, "deliveries", caller)).Status);
        }

        Assert.Equal(HttpStatusCode.OK, (await ReadAsync(id, SpamService.AdminOf(_account.Domain))).Status);
    }

    [Fact, Trait("Rule", "OPS-6"), Trait("Rule", "ACC-5")]
    public async Task With_the_account_its_deliveries_go_and_none_come_late()
    {
        var neighbour = SpamService.NewAccount();
        await TellAsync(Received("q1", Now), Received("q2", Now) with { AccountId = neighbour.AccountId, Id = "other" });
        await service.PublishAsync(new MailAccountDeletionStarted(
            Guid.NewGuid(), 1, 1, DateTimeOffset.UtcNow, new("operator", "operator", "", "api", ""), _account.AccountId, _account.Address, _account.Domain));
        await Eventually.Async(() => service.AskAsync<bool>($"select not exists (select from delivery where account_id = {_account.AccountId})"));
        await service.PublishAsync(new DeliveriesObserved("mail1", [Received("q3", Now), Received("q4", Now) with { AccountId = neighbour.AccountId, Id = "late" }]));
        await Eventually.Async(() => service.AskAsync<bool>($"select exists (select from delivery where id = 'late')"));
        Assert.Equal(0L, await service.AskAsync<long>($"select count(*) from delivery where account_id = {_account.AccountId}"));
    }

    private static string Ids(JsonNode page) => string.Join(' ', page["items"]!.AsArray().Select(i => ((string)i!["messageId"]!).Split('@')[0]));

    private static string Time(DateTimeOffset at) => at.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private DeliveryObserved Step(string kind, DateTimeOffset at, string? delivery = null)
        => new($"{_account.AccountId}.{_steps++}", at, _account.AccountId, "received", kind, delivery is null ? null : $"{delivery}-{_account.AccountId}");

    private DeliveryObserved Received(string delivery, DateTimeOffset at)
        => Step("taken", at, delivery) with { Sender = "stranger@outside.test", Recipient = _account.Address, Door = "smtp", QueueId = delivery };

    // Waits until they are stored.
    private async Task TellAsync(params DeliveryObserved[] steps)
    {
        await service.PublishAsync(new DeliveriesObserved("mail1", steps));
        foreach (var step in steps) await Eventually.Async(() => service.AskAsync<bool>($"select exists (select from delivery where id = {step.Id})"));
    }

    private async Task<JsonNode> ListAsync(string query = "")
    {
        var answer = await service.GetAsync(_account, $"deliveries{query}");
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Body!;
    }

    private Task<Reply> ReadAsync(string id, Caller? caller = null) => service.GetAsync(_account, $"deliveries/{id}", caller);
}
