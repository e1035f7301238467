using System.Net;
using Hikyaku.Contracts;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Playwright;
using Npgsql;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

/// <summary>Nodes, the event feed and webhooks.</summary>
[Trait("Rule", "PNL-2")]
public class OperatorScreens(PanelUnderTest panel)
{
    [Fact]
    [Trait("Rule", "NOD-2")]
    [Trait("Rule", "SPM-7")]
    public async Task A_node_is_looked_at_and_retired_once_it_has_no_mailbox()
    {
        var node = $"mx{Guid.NewGuid():N}"[..12];
        var accounts = panel.Platform.Programs["accounts"].Services;
        var database = accounts.GetRequiredService<NpgsqlDataSource>();
        await RegisterAsync(accounts, node);
        await database.ExecuteAsync($"insert into node_mailboxes (node, domain, accounts) values ({node}, 'full.example.jp', 3)", CancellationToken.None);
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        await page.GotoAsync("/ops/nodes");
        var row = page.Locator($"tr[data-node={node}]");
        await Expect(row).ToContainTextAsync("提供中");
        await Expect(row.Locator("[data-definitions=virusSignatures] .bad")).ToContainTextAsync("ウイルス定義: 30 時間前");
        await Expect(row.Locator("[data-definitions=spamRules] .bad")).ToHaveCountAsync(0);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, "ops-nodes");
        await row.GetByRole(AriaRole.Link, new() { Name = node }).ClickAsync();
        await Expect(page.Screen("S-OPS-NODE")).ToContainTextAsync("3.9.1");
        await page.GetByRole(AriaRole.Link, new() { Name = "切り離す" }).ClickAsync();
        await Expect(page.Screen("S-OPS-NODE-RETIRE")).ToContainTextAsync("このノードにあるメールボックス: 3 件");
        await page.GetByRole(AriaRole.Button, new() { Name = "切り離す" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("切り離していません。");
        await page.ExpectNoViolationsAsync();

        await database.ExecuteAsync($"delete from node_mailboxes where node = {node}", CancellationToken.None);
        await page.GetByRole(AriaRole.Button, new() { Name = "切り離す" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync($"{node} を切り離しました。");
        await page.ReloadAsync();
        await Expect(page.Screen("S-OPS-NODE")).ToContainTextAsync("切り離し済み");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "切り離す" })).ToHaveCountAsync(0);
        var nodes = (await panel.Platform.Client.GetAsync("/api/v1/nodes", await panel.Platform.OperatorAsync())).Body!["items"]!.AsArray();
        Assert.Equal("retired", (string)nodes.Single(n => (string)n!["name"]! == node)!["state"]!);
        // The deployment's own node has not told where it is, so that it is not in the register.
        foreach (var path in new[] { "/ops/nodes/nothing", "/ops/nodes/mail1/retire" }) Assert.Equal(404, (await page.GotoAsync(path))!.Status);
    }

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, true)]
    [InlineData("en", PanelUnderTest.Phone, false)]
    [Trait("Rule", "OPS-2")]
    public async Task Events_are_filtered_opened_and_replayed(string language, int width, bool script)
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword, language, width, ColorScheme.Dark, script);
        var created = page.Locator("[data-event='accounts.mail-account-created']");
        await Eventually.Async(async () =>
        {
            await page.GotoAsync($"/ops/feed?domain={tenant.Domain}");
            return await created.Filter(new() { HasText = tenant.OtherUser }).CountAsync() == 1;
        });
        var first = created.Filter(new() { HasText = tenant.User });
        var position = await first.GetAttributeAsync("data-position");
        await first.Locator("summary").ClickAsync();
        await Expect(first.Locator("pre")).ToContainTextAsync("\"specversion\": \"1.0\"");
        await Expect(first.Locator("summary")).ToContainTextAsync("operator");
        if (script) await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"ops-feed-{language}");
        await first.GetByRole(AriaRole.Link, new() { Name = language == "ja" ? "この位置から再生" : "Replay from here" }).ClickAsync();
        await Expect(created.Filter(new() { HasText = tenant.OtherUser })).ToBeVisibleAsync();
        await Expect(page.Locator($"[data-position='{position}']")).ToHaveCountAsync(0);
        await Expect(page.Field("domain")).ToHaveValueAsync(tenant.Domain);

        await page.GotoAsync($"/ops/feed?domain={tenant.Domain}&type=accounts.mail-account-password-changed&account={tenant.User}");
        await Expect(page.GetByRole(AriaRole.Main)).ToContainTextAsync(language == "ja" ? "条件に一致するイベントはありません。" : "matches.");
        var refused = await page.GotoAsync("/ops/feed?type=nothing&after=x&domain=-");
        Assert.InRange(refused!.Status, 400, 422);
        await Expect(page.Locator(".field.wrong")).ToHaveCountAsync(3); // all of them at once
        await Expect(page.Field("type")).ToHaveValueAsync("nothing");
    }

    [Fact]
    [Trait("Rule", "OPS-2")]
    public async Task A_live_feed_shows_what_happens_until_it_is_paused()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword, "en");
        await page.GotoAsync($"/ops/feed?domain={tenant.Domain}");
        await page.GetByRole(AriaRole.Link, new() { Name = "Follow live" }).ClickAsync();
        await Expect(page.Locator("[data-live]")).ToHaveCountAsync(1);
        var (boss, client) = (await panel.Platform.OperatorAsync(), panel.Platform.Client);
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/accounts", boss, new { name = "jiro", password = Deployment.Password });

        await Expect(page.Locator("[data-event='accounts.mail-account-created']").Filter(new() { HasText = $"jiro@{tenant.Domain}" })).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Pause" }).ClickAsync();
        await Expect(page.Locator("[data-live]")).ToHaveCountAsync(0);
    }

    [Fact]
    [Trait("Rule", "OPS-2")]
    public async Task A_webhook_is_added_tested_replayed_given_a_new_secret_and_deleted()
    {
        await using var receiver = await WebhookReceiver.StartAsync();
        var feed = await panel.Platform.NewFeedAsync("--Hikyaku:WebhookAllow=127.0.0.0/8");
        var gateway = await panel.Platform.NewGatewayAsync(panel.Platform.AccountsAddress, $"--Hikyaku:Services:feed={feed.Urls.First()}");
        await using var other = await panel.StartPanelAsync(new Uri(gateway.Urls.First()));
        using var client = new Client(gateway.Urls.First());
        var page = await panel.PageAsync(panel: new Uri(other.Urls.First()));
        await page.Context.AddCookiesAsync([new() { Name = "panel-admin", Value = await client.SignInAsync("operator", Deployment.OperatorPassword), Url = other.Urls.First() }]);
        await page.GotoAsync("/ops/webhooks");
        await Expect(page.GetByText("Webhook はまだありません。")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Webhook を追加" }).ClickAsync();
        await page.Field("url").FillAsync("https://10.1.2.3/private");
        await page.Field("types").FillAsync("nothing");
        await page.GetByRole(AriaRole.Button, new() { Name = "追加する" }).ClickAsync();
        await Expect(page.Locator(".field.wrong")).ToHaveCountAsync(2);
        await Expect(page.Locator(".field.wrong").First).ToContainTextAsync("このアドレスには送信できません。");
        await page.ExpectNoViolationsAsync();
        await page.Field("url").FillAsync(receiver.Url.ToString());
        await page.Field("types").FillAsync("accounts.mail-account-created\naccounts.mail-account-deletion-started");
        await page.GetByRole(AriaRole.Button, new() { Name = "追加する" }).ClickAsync();
        var secret = await page.Locator("[data-secret]").TextContentAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "Webhook の画面へ" }).ClickAsync();
        await Expect(page.Screen("S-OPS-HOOK")).ToContainTextAsync("正常");
        var own = new Uri(page.Url).AbsolutePath;

        await page.GetByRole(AriaRole.Button, new() { Name = "テスト送信" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("テストを送信しました: 受信済み(204)");
        Assert.True(Assert.Single(await receiver.TakeAsync(1)).IsSignedWith(secret!));
        receiver.AnswerStatus(500);
        await page.GetByRole(AriaRole.Button, new() { Name = "テスト送信" }).ClickAsync();
        await Expect(page.Flash("error")).ToContainTextAsync("テスト送信に失敗しました: エラー応答 (500)");
        await Expect(page.Locator("tr[data-delivery='feed.webhook-tested']")).ToHaveCountAsync(2);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, "ops-webhook");

        await page.GetByRole(AriaRole.Button, new() { Name = "秘密を更新" }).ClickAsync();
        await Expect(page.GetByText("前の秘密の期限")).ToBeVisibleAsync();
        Assert.NotEqual(secret, await page.Locator("[data-secret]").TextContentAsync());
        await page.Field("after").FillAsync("nowhere");
        await page.GetByRole(AriaRole.Button, new() { Name = "再生する" }).ClickAsync();
        await Expect(page.Locator(".field.wrong")).ToHaveCountAsync(1);
        await page.Field("after").FillAsync("0");
        await page.GetByRole(AriaRole.Button, new() { Name = "再生する" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("再生を始めました。");
        await page.ReloadAsync();
        await Expect(page.Locator("[data-secret]")).ToHaveCountAsync(0); // it was shown once

        await page.GetByRole(AriaRole.Link, new() { Name = "削除" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "削除" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("Webhook を削除しました。");
        Assert.Equal(404, (await page.GotoAsync(own))!.Status);
        await feed.StopAsync();
        foreach (var path in new[] { "/ops/webhooks", "/ops/feed" }) Assert.Equal(503, (await page.GotoAsync(path))!.Status);
        await Expect(page.GetByText("メールの送受信は続いています。")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ROLE-2")]
    public async Task Screens_of_operators_are_not_there_for_administrators()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        foreach (var path in new[] { "/ops/nodes", "/ops/nodes/mail1", "/ops/nodes/mail1/retire", "/ops/feed", "/ops/webhooks", "/ops/webhooks/new", "/ops/webhooks/1", "/ops/webhooks/1/delete" })
            Assert.Equal(404, (await page.GotoAsync(path))!.Status);
        await page.GotoAsync("/");
        await Expect(page.GetByRole(AriaRole.Link, new() { Name = "ノード" })).ToHaveCountAsync(0);
    }

    private static async Task RegisterAsync(IServiceProvider accounts, string node)
    {
        const long everything = 1_000_000_000;
        var now = DateTimeOffset.UtcNow;
        var report = new LeaseReport(
            new Dictionary<string, long> { ["accounts"] = everything }, new Dictionary<string, string> { ["Postfix"] = "3.9.1" }, Listed: true,
            Host: "mx.example.net", ImapPort: 1143, Pop3Port: 1110, LmtpPort: 1024, QuotaPort: 1025)
        {
            Definitions = new Dictionary<string, DateTimeOffset> { [DefinitionNames.SpamRules] = now.AddHours(-2), [DefinitionNames.VirusSignatures] = now.AddHours(-30.5) },
        };
        Assert.True((await accounts.GetRequiredService<NodeLeases>().RenewAsync(node, report, CancellationToken.None)).Accepted);
    }
}
