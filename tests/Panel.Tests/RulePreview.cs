using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.MailNode.Contracts;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "OPS-4")]
public class RulePreview(PanelUnderTest panel)
{
    [Fact]
    [Trait("Rule", "RTE-4")]
    [Trait("Rule", "PNL-2")]
    public async Task A_user_tries_a_condition_on_stored_mail_and_sets_it()
    {
        await panel.Platform.AnswerPreviewsAsync(1000, new PreviewedMessage(DateTimeOffset.Parse("2026-11-24T04:05:00Z", System.Globalization.CultureInfo.InvariantCulture), "INBOX", "山田 <yamada@example.com>", "Re: 見積の件"));
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail/forwarding/new?condition=subject");
        await page.Field("keyword").FillAsync("見積");
        await page.GetByRole(AriaRole.Link, new() { Name = "保存メールで試す" }).ClickAsync();
        await Expect(page.Screen("S-PREVIEW")).ToContainTextAsync("直近 1,000 通のうち 1 通が該当します");
        await Expect(page.Locator("mark")).ToHaveTextAsync("見積");
        await Expect(page.Locator("[data-part=tried] tbody")).ToContainTextAsync("2026/11/24 13:05");
        await PanelUnderTest.ShootAsync(page, "preview");
        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = "この条件で設定する" }).ClickAsync();
        await Expect(page.Screen("S-FWD-EDIT")).ToBeVisibleAsync();
        await Expect(page.Field("keyword")).ToHaveValueAsync("見積");
        await Expect(page.GetByRole(AriaRole.Radio, new() { Name = "Subject" })).ToBeCheckedAsync();

        await page.GotoAsync("/mail/forwarding/preview?condition=from&keyword=");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("キーワードは 1 文字以上 255 文字以内で入力してください。");
        var admin = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await admin.GotoAsync($"/accounts/{tenant.User}/forwarding/preview");
        await Expect(admin.Screen("S-404")).ToBeVisibleAsync();
    }
}
