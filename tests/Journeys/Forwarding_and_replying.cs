using System.Text.Json.Nodes;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Journeys;

/// <summary>What a user sets is what the next message meets.</summary>
public sealed class Forwarding_and_replying(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "RTE-1"), Trait("Rule", "RTE-5"), Trait("Rule", "RTE-10"), Trait("Rule", "RTE-11")]
    public async Task A_user_forwards_mail_by_subject_reads_the_notice_and_undoes_it()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        using var user = await platform.SignInAsync(account, PlatformUnderTest.Password);
        var outside = $"{Guid.NewGuid():N}@elsewhere.example";
        var set = await user.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/forwarding-rules", new { condition = "subject", keyword = "見積", destinations = new[] { outside } });
        Assert.Equal(201, set.Status);
        await platform.InForceAsync(account);
        Assert.True((bool)(await user.GetAsync($"/api/v1/accounts/{account}")).Body!["forwarding"]!);

        await platform.DeliverAsync(account, "お見積りの件");
        await platform.DeliverAsync(account, "another subject");
        var there = await Eventually.Async(() => platform.CapturedAsync(outside), m => m.Count > 0, TimeSpan.FromSeconds(30));
        Assert.StartsWith("SRS0=", (string)there[0]["from"]!, StringComparison.Ordinal);
        Assert.Equal(["another subject", "お見積りの件"], await platform.SubjectsAsync(account, 2));
        var tried = await user.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/forwarding-rules/preview", new { condition = "subject", keyword = "見積" });
        Assert.Equal((200, 2, 1, "お見積りの件"), (tried.Status, (int)tried.Body!["searched"]!, (int)tried.Body["matched"]!, (string)tried.Body["items"]![0]!["subject"]!));
        await Eventually.Async(() => user.GetAsync("/api/v1/notices?kind=new-outside-destination"), r => r.Text.Contains(outside, StringComparison.Ordinal), TimeSpan.FromSeconds(20));

        // A service that is slow to answer is left out and named.
        var history = await Eventually.Async(() => user.GetAsync($"/api/v1/accounts/{account}/history"), r => r.Body!["unavailable"] is null);
        var item = history.Body!["items"]![0]!;
        Assert.Equal(("routing.forwarding-rule-set", true), ((string)item["type"]!, (bool)item["undoable"]!));
        Assert.Equal(200, (await user.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/history/{(string)item["id"]!}/undo", new { })).Status);
        Assert.Empty((await user.GetAsync($"/api/v1/accounts/{account}/forwarding-rules")).Body!["items"]!.AsArray());
        await platform.InForceAsync(account);
        await platform.DeliverAsync(account, "二つ目の見積");
        await platform.SubjectsAsync(account, 3);
        Assert.Single(await platform.CapturedAsync(outside));
    }

    [Fact, Trait("Rule", "RTE-6"), Trait("Rule", "RTE-7"), Trait("Rule", "RTE-8"), Trait("Rule", "ACC-11")]
    public async Task An_administrator_turns_reception_off_with_an_autoreply_and_lists_show_it()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain);
        Assert.Equal(200, (await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/autoreply", new { text = "退職しました。" })).Status);
        Assert.Equal(200, (await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/reception", new { enabled = false })).Status);
        await platform.InForceAsync(account);
        await platform.DeliverAsync(account, "are you there");
        var reply = Assert.Single(await Eventually.Async(
            async () => (await platform.CapturedAsync("sender@elsewhere.example")).Where(m => ((string)m["raw"]!).Contains($"From: <{account}>", StringComparison.Ordinal)).ToList(),
            replies => replies.Count > 0, TimeSpan.FromSeconds(30)));
        Assert.Equal("", (string)reply["from"]!);
        Assert.Empty(await platform.SubjectsAsync(account, 0));
        await Eventually.Async(() => platform.Operator.GetAsync($"/api/v1/domains/{domain}/accounts"), r => r.Body!["items"]!.AsArray().Any(i => (bool)i!["autoreply"]! && !(bool)i["reception"]!), TimeSpan.FromSeconds(20));
        var events = (await platform.Operator.FollowAsync($"/api/v1/events?after=0&account={account}", 4, within: TimeSpan.FromSeconds(5))).Select(e => (string)JsonNode.Parse(e.Data)!["type"]!);
        Assert.Subset(events.ToHashSet(), new HashSet<string> { "routing.autoreply-set", "routing.reception-turned-off" });
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "NOD-5")]
    public async Task While_the_routing_service_is_down_rules_stay_in_force_and_the_summary_says_so()
    {
        var (account, outside) = (await platform.AccountAsync(await platform.DomainAsync()), $"{Guid.NewGuid():N}@elsewhere.example");
        var rules = $"/api/v1/accounts/{account}/forwarding-rules";
        Assert.Equal(201, (await platform.Operator.SendAsync(HttpMethod.Post, rules, new { condition = "all", destinations = new[] { outside } })).Status);
        await platform.InForceAsync(account);
        await platform.ControlAsync("stop", "routing");
        try
        {
            await platform.DeliverAsync(account, "while it is down");
            await Eventually.Async(() => platform.CapturedAsync(outside), m => m.Count == 1, TimeSpan.FromSeconds(30));
            var summary = (await platform.Operator.GetAsync($"/api/v1/accounts/{account}")).Body!;
            Assert.Equal(("[\"routing\"]", false), (summary["unavailable"]!.ToJsonString(), (bool)summary["inForce"]!));
            Assert.Equal(503, (await platform.Operator.GetAsync(rules)).Status);
        }
        finally
        {
            await platform.ControlAsync("start", "routing");
        }

        await platform.AllReadyAsync();
        await platform.InForceAsync(account, TimeSpan.FromMinutes(1));
    }
}
