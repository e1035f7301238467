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

/// <summary>Mail nodes and webhooks.</summary>
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
        Assert.Equal(503, (await page.GotoAsync("/ops/webhooks"))!.Status);
        await Expect(page.GetByText("メールの送受信は続いています。")).ToBeVisibleAsync();
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
