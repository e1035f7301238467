using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Spam.Tests.Integration;

public sealed class Changing_spam_settings(SpamService service) : IClassFixture<SpamService>
{
    private readonly Target _account = NewAccount();

    [Fact, Trait("Rule", "SPM-4")]
    public async Task Both_are_off_at_first_and_are_set_together()
    {
        var first = await service.GetAsync(_account, "spam");
        Assert.Equal((HttpStatusCode.OK, "\"0\"", false, false), (first.Status, first.ETag, (bool)first.Body!["tagSubject"]!, (bool)first.Body["sortToJunk"]!));
        var set = await service.SetAsync(_account, true, true);
        Assert.Equal((HttpStatusCode.OK, "\"2\"", """{"tagSubject":true,"sortToJunk":true}"""), (set.Status, set.ETag, set.Text));
        Assert.Equal("\"2\"", (await service.SetAsync(_account, true, true)).ETag);
        Assert.Equal("""{"tagSubject":false,"sortToJunk":true}""", (await service.SetAsync(_account, false, true)).Text);
        var stale = await service.SendAsync(HttpMethod.Put, _account, "spam", new { tagSubject = true, sortToJunk = true }, null, ("If-Match", "\"2\""));
        Assert.Equal(HttpStatusCode.PreconditionFailed, stale.Status);
        Assert.False((bool)(await service.GetAsync(_account, "spam")).Body!["tagSubject"]!);
    }

    [Fact, Trait("Rule", "SPM-4"), Trait("Rule", "GWY-3")]
    public async Task A_body_without_a_switch_is_refused_and_one_of_another_shape_too()
    {
        var refused = await service.SendAsync(HttpMethod.Put, _account, "spam", new { sortToJunk = true }, null, ("Accept-Language", "ja"));
        Assert.Equal(((HttpStatusCode)422, "spam.switch-missing"), (refused.Status, refused.Codes.Single()));
        Assert.Equal("ON / OFF を true または false で指定してください。", (string)refused.Body!["errors"]![0]!["detail"]!);
        Assert.Equal(HttpStatusCode.BadRequest, (await service.SendAsync(HttpMethod.Put, _account, "spam", new { tagSubject = "yes", sortToJunk = true })).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await service.SendAsync(HttpMethod.Put, _account, "spam", new { tagSubject = true, sortToJunk = true, threshold = 3 })).Status);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_dry_run_answers_the_same_and_stores_nothing()
    {
        Assert.Equal(HttpStatusCode.OK, (await service.SendAsync(HttpMethod.Put, _account, "spam?dryRun=true", new { tagSubject = true, sortToJunk = false })).Status);
        Assert.Equal("\"0\"", (await service.GetAsync(_account, "spam")).ETag);
    }

    [Fact, Trait("Rule", "SPM-8")]
    public async Task Turning_sorting_on_is_confirmed_after_a_login_by_POP()
    {
        var at = DateTimeOffset.UtcNow.AddDays(-2);
        await LogInAsync(_account, "imap", true, at.AddDays(1));
        await LogInAsync(_account, "pop3", false, at.AddDays(1));
        await LogInAsync(_account, "pop3", true, at);
        await LogInAsync(_account, "pop3", true, at.AddDays(-9)); // told late
        await Eventually.Async(async () => (await service.GetAsync(_account, "spam")).Body!["lastPopAt"] is { } last && (DateTimeOffset)last == Cut(at));
        Assert.Equal(HttpStatusCode.OK, (await service.SetAsync(_account, true, false)).Status);
        var asked = await service.SetAsync(_account, true, true);
        Assert.Equal((428, "spam.pop-is-used"), ((int)asked.Status, asked.Codes.Single()));
        Assert.Contains(at.ToString("u", System.Globalization.CultureInfo.InvariantCulture), asked.Text, StringComparison.Ordinal);
        Assert.False((bool)(await service.GetAsync(_account, "spam")).Body!["sortToJunk"]!);
        Assert.Equal(HttpStatusCode.OK, (await service.SetAsync(_account, true, true, confirm: true)).Status);
        Assert.Equal(HttpStatusCode.OK, (await service.SetAsync(_account, false, true)).Status);

        // An undo that turns it on again asks as well.
        await service.SetAsync(_account, false, false);
        var newest = (await HistoryAsync())[0];
        Assert.Equal(428, (int)(await UndoAsync(newest)).Status);
        Assert.Equal("""{"tagSubject":false,"sortToJunk":true}""", (await UndoAsync(newest, new { confirm = true })).Text);
    }

    [Fact, Trait("Rule", "SPM-8")]
    public async Task A_login_by_POP_of_more_than_30_days_ago_is_not_asked_about()
    {
        await LogInAsync(_account, "pop3", true, DateTimeOffset.UtcNow.AddDays(-31));
        await Eventually.Async(async () => (await service.GetAsync(_account, "spam")).Body!["lastPopAt"] is not null);
        Assert.Equal(HttpStatusCode.OK, (await service.SetAsync(_account, false, true)).Status);
    }

    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "ROLE-2"), Trait("Rule", "SPM-4")]
    public async Task Users_change_their_own_administrators_their_domain_and_nobody_another()
    {
        foreach (var caller in new[] { UserOf(_account), AdminOf(_account.Domain), Operator })
            Assert.Equal(HttpStatusCode.OK, (await service.SendAsync(HttpMethod.Put, _account, "spam", new { tagSubject = true, sortToJunk = false }, caller)).Status);
        foreach (var caller in new[] { UserOf(NewAccount()), AdminOf("another.example") })
            Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Put, _account, "spam", new { tagSubject = true, sortToJunk = false }, caller)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Get, "example.jp", "dns", null, AdminOf("another.example"))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await service.SendAsync(HttpMethod.Put, _account.Domain, "dns/override", new { reason = "x" }, AdminOf(_account.Domain))).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await service.SendAsync(HttpMethod.Delete, _account.Domain, "dns/override", new { reason = "x" }, AdminOf(_account.Domain))).Status);
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "SPM-5")]
    public async Task It_is_in_force_when_the_domain_is_and_nodes_obey_both()
    {
        await service.RenewLeaseAsync(long.MaxValue);
        Assert.False((bool)(await service.GetAsync(_account, "spam")).Body!["inForce"]!); // the domain is not known yet
        await service.AddDomainAsync(_account.Domain);
        await Eventually.Async(async () => (bool)(await service.GetAsync(_account, "spam")).Body!["inForce"]!);
        await service.RenewLeaseAsync(0);
        await service.SetAsync(_account, true, false);
        var spam = (await service.GetAsync(_account, "spam")).Body!;
        Assert.Equal((false, true), ((bool)spam["inForce"]!, (bool)spam["standing"]!["inForce"]!));
        await service.RenewLeaseAsync(long.MaxValue);
        Assert.True((bool)(await service.GetAsync(_account, "spam")).Body!["inForce"]!);
    }

    [Fact, Trait("Rule", "SPM-5")]
    public async Task Without_a_resolver_every_domain_counts_and_the_answer_says_so()
    {
        await service.AddDomainAsync(_account.Domain);
        await service.RenewLeaseAsync(long.MaxValue);
        var dns = await Eventually.Async(() => service.DnsAsync(_account.Domain, ("Accept-Language", "ja")), d => (bool)d.Body!["inForce"]!);
        Assert.Equal((true, true), ((bool)dns.Body!["standing"]!["assumed"]!, (bool)dns.Body["mx"]!["ok"]!));
        Assert.Contains("DNS を照会しない設定", (string)dns.Body["standing"]!["text"]!, StringComparison.Ordinal);
        Assert.Equal($$"""[{"name":"{{_account.Domain}}","type":"MX","value":"10 mx1.hikyaku.test."},{"name":"{{_account.Domain}}","type":"MX","value":"20 mx2.hikyaku.test."}]""", dns.Body["mx"]!["expected"]!.ToJsonString());
        Assert.Null(dns.Body["spf"]!["ok"]);
        Assert.Equal(HttpStatusCode.NotFound, (await service.CheckAsync(NewDomain())).Status);
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task The_summary_shows_both_switches_now_and_as_they_were()
    {
        var path = $"/internal/accounts/{_account.AccountId}/summary";
        await service.SetAsync(_account, true, false);
        await service.RenewLeaseAsync(long.MaxValue);
        Assert.Equal("""{"spam":{"tagSubject":true,"sortToJunk":false},"inForce":true}""", (await service.GetAsync(_account, path)).Text);
        var before = DateTimeOffset.UtcNow.AddMinutes(-1).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("""{"spam":{"tagSubject":false,"sortToJunk":false}}""", (await service.GetAsync(_account, $"{path}?at={before}")).Text);
    }

    [Fact, Trait("Rule", "OPS-3"), Trait("Rule", "ROLE-3")]
    public async Task Each_change_is_in_the_history_and_can_be_undone_alone()
    {
        await service.SetAsync(_account, true, true);
        var items = await HistoryAsync();
        Assert.Equal(["spam.junk-sorting-turned-on", "spam.subject-tagging-turned-on"], items.Select(i => (string)i["type"]!));
        Assert.Equal(("user", "{\"sortToJunk\":false}", true), ((string)items[0]["by"]!["role"]!, items[0]["before"]!.ToJsonString(), (bool)items[0]["undoable"]!));
        Assert.Equal("""{"tagSubject":false,"sortToJunk":true}""", (await UndoAsync(items[1])).Text);
        Assert.Equal("""{"tagSubject":true,"sortToJunk":true}""", (await UndoAsync((await HistoryAsync())[0])).Text);
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Post, _account, $"history/{Guid.NewGuid()}/undo", new { })).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await service.SendAsync(HttpMethod.Post, NewAccount(_account.Domain), $"history/{(string)items[0]["id"]!}/undo", new { })).Status);
    }

    [Theory, Trait("Rule", "SPM-6"), Trait("Rule", "SPM-1")]
    [InlineData("by=pop&filter=header", false, false, "X-Spam-Flag")]
    [InlineData("by=pop&filter=subject", true, false, "Subject")]
    [InlineData("by=imap", false, true, null)]
    [InlineData("by=imap&filter=header", false, true, null)]
    public async Task The_recommended_settings_are_those_of_the_manuals_table(string query, bool tag, bool sort, string? header)
    {
        var advice = (await service.SendAsync(HttpMethod.Get, _account, $"/api/v1/spam-advice?{query}", null, null, ("Accept-Language", "ja"))).Body!;
        Assert.Equal((tag, sort, header), ((bool)advice["settings"]!["tagSubject"]!, (bool)advice["settings"]!["sortToJunk"]!, (string?)advice["filter"]?["header"]));
        Assert.Equal(4, advice["steps"]!.AsArray().Count);
        Assert.Equal(["not-always-right", "only-here", "not-disclosed", "pop-sees-no-junk"], advice["caveats"]!.AsArray().Select(c => (string)c!["code"]!));
        Assert.Contains("100% ではなく", (string)advice["caveats"]![0]!["text"]!, StringComparison.Ordinal);
    }

    [Theory, Trait("Rule", "SPM-6")]
    [InlineData("")]
    [InlineData("by=pop")]
    [InlineData("by=fax")]
    [InlineData("by=pop&filter=x")]
    [InlineData("by=imap&filter=x")]
    public async Task Advice_needs_to_know_how_mail_is_read(string query)
        => Assert.Equal(["request.bad-parameter"], (await service.SendAsync(HttpMethod.Get, _account, $"/api/v1/spam-advice?{query}")).Codes);

    private Task LogInAsync(Target account, string protocol, bool success, DateTimeOffset at)
        => service.PublishAsync(new LoginsObserved(Node, [new(at.AddMinutes(-1), at, 2, account.AccountId, account.Address, "192.0.2.0/24", protocol, true, success)]));

    // The database keeps microseconds.
    private static DateTimeOffset Cut(DateTimeOffset at) => new(at.Ticks / 10 * 10, at.Offset);

    private async Task<List<JsonNode>> HistoryAsync() => [.. (await service.GetAsync(_account, "history")).Body!["items"]!.AsArray().Select(i => i!)];

    private Task<Reply> UndoAsync(JsonNode item, object? body = null) => service.SendAsync(HttpMethod.Post, _account, $"history/{(string)item["id"]!}/undo", body ?? new { });
}
