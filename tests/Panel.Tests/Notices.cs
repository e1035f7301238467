using System.Net;
using System.Text;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "NTC-1")]
public class Notices(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "PNL-3")]
    public async Task A_finished_job_is_told_opened_and_marked_as_unread_again(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var token = await panel.Platform.Client.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await FinishJobAsync(tenant, token, unread: 1);
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width, scheme);
        await page.GotoAsync("/");
        var bell = page.Locator("[data-unread]");
        await Expect(bell).ToHaveAccessibleNameAsync(isJapanese ? "メッセージボード: 未読 1 件" : "Message board: 1 unread");
        await bell.ClickAsync();
        await Expect(page.Screen("S-NOTICES")).ToBeVisibleAsync();
        var row = page.Locator("tr[data-notice=job-finished]");
        await Expect(row).ToContainTextAsync(isJapanese ? "未読" : "Unread");
        await PanelUnderTest.ShootAsync(page, $"notices-{language}");

        // A page that is open offers what is new when it is looked at again, and leaves its rows where they are.
        await FinishJobAsync(tenant, token, unread: 2);
        await page.EvaluateAsync("() => document.dispatchEvent(new Event('visibilitychange'))");
        await Expect(bell).ToContainTextAsync("2");
        await Expect(row).ToHaveCountAsync(1);
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "新着 1 件を表示" : "Show 1 new" }).ClickAsync();
        await Expect(row).ToHaveCountAsync(2);

        await row.First.GetByRole(AriaRole.Link).ClickAsync();
        await Expect(page.Screen("S-NOTICE")).ToContainTextAsync(isJapanese ? "1 件を変更しました。" : "1");
        await PanelUnderTest.ShootAsync(page, $"notice-{language}");
        await page.GoBackAsync();
        await page.ReloadAsync();
        await Expect(bell).ToContainTextAsync("1");
        await page.GoForwardAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "未読に戻す" : "Mark unread" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "未読に戻しました。" : "Marked as unread.");
        await Expect(bell).ToContainTextAsync("2");

        await page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "すべて既読にする" : "Mark all read" }).ClickAsync();
        await Expect(bell).ToHaveAccessibleNameAsync(isJapanese ? "メッセージボード: 未読はありません" : "Message board: nothing unread");
        await page.GotoAsync("/notices?state=unread");
        await Expect(page.GetByText(isJapanese ? "お知らせはありません。" : "No notices.")).ToBeVisibleAsync();
        await page.GotoAsync("/notices?kind=job-finished");
        await row.First.GetByRole(AriaRole.Link).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "処理の状況を表示" : "Show the job" }).ClickAsync();
        await Expect(page.Screen("S-JOB")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ROLE-2")]
    public async Task A_user_reads_of_a_new_destination_and_nobody_else_opens_it()
    {
        var tenant = await panel.TenantAsync();
        var user = await panel.Platform.Client.SignInAsync(tenant.User, Deployment.Password);
        await panel.Platform.Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/forwarding-rules", user, new { condition = "all", destinations = new[] { "elsewhere@example.com" } });
        await UnreadAsync(user, 1);
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, script: false);
        await page.GotoAsync("/mail");
        await page.GetByRole(AriaRole.Link, new() { Name = "メッセージボード: 未読 1 件" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "elsewhere@example.com" }).ClickAsync();
        await Expect(page.Screen("S-NOTICE")).ToContainTextAsync("心当たりがない場合は");
        var id = new Uri(page.Url).Segments[^1];

        var other = await panel.SignedInAsync(tenant.OtherUser, Deployment.Password);
        Assert.Equal(404, (await other.GotoAsync($"/mail/notices/{id}"))!.Status);
    }

    [Fact]
    public async Task Where_nothing_is_mailed_the_form_says_so()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync("/notices");
        await page.GetByRole(AriaRole.Link, new() { Name = "メールでも受け取る" }).ClickAsync();
        await page.Field("address").FillAsync("admin@example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "保存する" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await Expect(page.Field("address")).ToHaveValueAsync("admin@example.com");

        await page.Field("address").FillAsync("");
        await page.GetByRole(AriaRole.Button, new() { Name = "保存する" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("お知らせをメールでは送信しません。");
    }

    private async Task FinishJobAsync(Tenant tenant, string token, int unread)
    {
        using var file = new StringContent($"mail_account,mail_capacity\ntaro,{30 + unread}\n", Encoding.UTF8, "text/csv");
        await panel.Platform.Client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/bulk-changes", token, file);
        await UnreadAsync(token, unread);
    }

    private Task UnreadAsync(string token, int unread)
        => Eventually.Async(async () => (int)(await panel.Platform.Client.GetAsync("/api/v1/notices?state=unread", token)).Body!["unread"]! == unread);
}
