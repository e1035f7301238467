using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-2")]
public class StatusAndMailData(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "RST-1")]
    [Trait("Rule", "RST-4")]
    [Trait("Rule", "RST-9")]
    public async Task A_restriction_says_why_and_what_to_do_and_an_ended_one_since_when(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var (client, boss) = (panel.Platform.Client, await panel.Platform.OperatorAsync());
        var restrictions = $"/api/v1/accounts/{tenant.User}/restrictions";
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width, scheme);
        await page.GotoAsync("/mail/status");
        await Expect(page.GetByText(isJapanese ? "正常です。規制はありません。" : "Normal. No restriction.")).ToBeVisibleAsync();
        foreach (var kind in new[] { "compromise-suspected", "sending-locked" })
            await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, restrictions, boss, new { kind, reason = "秘密の根拠" });

        await page.GotoAsync("/mail");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "詳細: 状態" : "Details: Status" }).ClickAsync();
        var suspected = page.Locator("[data-restriction=compromise-suspected]");
        await Expect(suspected.Locator(".bad")).ToHaveTextAsync(isJapanese ? "不正利用検知" : "Unauthorised use suspected");
        await Expect(suspected).ToContainTextAsync(isJapanese ? "メール送信不可" : "sent", new() { IgnoreCase = true });
        await Expect(suspected.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "パスワード変更" : "Change password" })).ToHaveAttributeAsync("href", "/mail/password");
        await Expect(page.Locator("[data-restriction]")).ToHaveCountAsync(2);
        await Expect(page.GetByText("秘密の根拠")).ToHaveCountAsync(0);
        await PanelUnderTest.ShootAsync(page, $"status-{language}");

        await client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, restrictions + "/sending-locked", boss, new { reason = "解決" });
        await Expect(page.Locator("[data-restriction]")).ToHaveCountAsync(1);
        await Expect(page.Locator(".past tbody")).ToContainTextAsync(isJapanese ? "メール送信ロック" : "Sending locked");
        await page.GoBackAsync();
        await page.GoForwardAsync();
        await Expect(page.Screen("S-STATUS")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "ACC-6")]
    [Trait("Rule", "PNL-3")]
    public async Task Mail_data_is_deleted_by_a_job_that_can_be_left_and_found_again(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width, scheme);
        await page.GotoAsync("/mail");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "削除: メールデータの削除" : "Delete: Delete mail data" }).ClickAsync();
        await Expect(page.Screen("S-MAILDEL")).ToContainTextAsync(isJapanese ? "削除中に届いたメールは失われずに残ります。" : "Mail that arrives meanwhile is kept.");
        Assert.Empty(await JobsAsync(tenant));
        await PanelUnderTest.ShootAsync(page, $"mail-deletion-{language}");
        await page.GetByRole(AriaRole.Button, new() { Name = "OK", Exact = true }).ClickAsync();

        var job = Assert.Single(await Eventually.Async(() => JobsAsync(tenant), jobs => jobs.Count > 0));
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex(System.Text.RegularExpressions.Regex.Escape(job)));
        await page.ReloadAsync();
        await Expect(page.Locator("main")).ToContainTextAsync(isJapanese ? "この画面を閉じても処理は続きます。" : "You may close this page");
    }

    private async Task<List<string>> JobsAsync(Tenant tenant)
    {
        var jobs = await panel.Platform.Client.GetAsync("/api/v1/jobs", await panel.Platform.Client.SignInAsync(tenant.User, Deployment.Password));
        return [.. jobs.Body!["items"]!.AsArray().Select(j => j!["id"]!.GetValue<string>())];
    }
}
