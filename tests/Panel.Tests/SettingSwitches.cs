using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-2")]
public class SettingSwitches(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "SPM-4")]
    [Trait("Rule", "SPM-8")]
    [Trait("Rule", "RTE-6")]
    public async Task Switches_are_turned_after_a_confirmation_and_turned_back(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width, scheme);
        foreach (var (setting, ja, en, off) in new[] { ("spam-tag", "スパムメール件名表示", "Spam subject tag", true), ("spam-sort", "スパムメール自動振分", "Spam auto-sort", true), ("reception", "メール受信", "Mail reception", false) })
        {
            var name = isJapanese ? ja : en;
            await page.GotoAsync("/mail");
            await page.GetByRole(AriaRole.Link, new() { Name = $"ON/OFF: {name}" }).ClickAsync();
            await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync(isJapanese ? $"{ja}を {(off ? "ON" : "OFF")} にします。" : $"{en} will be turned {(off ? "ON" : "OFF")}.");
            Assert.Equal(!off, await IsOnAsync(tenant, setting));
            await PanelUnderTest.ShootAsync(page, $"{setting}-{language}");
            await Press(page, "OK");
            await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? $"{ja}を {(off ? "ON" : "OFF")} にしました。" : $"{en} is now {(off ? "ON" : "OFF")}.");
            Assert.Equal(off, await IsOnAsync(tenant, setting));
            await page.ReloadAsync();
            await Press(page, isJapanese ? "元に戻す" : "Undo");
            await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? $"{ja}の変更を元に戻しました。" : $"{en}: the change has been undone.");
            Assert.Equal(!off, await IsOnAsync(tenant, setting));
            await page.GoBackAsync();
            await page.GoForwardAsync();
            await Expect(page.Locator("[data-screen] .pairs .badge")).ToHaveTextAsync(off ? "OFF" : "ON");
        }
    }

    [Fact]
    [Trait("Rule", "RTE-6")]
    public async Task Turning_reception_off_names_the_rules_whose_other_mail_is_lost()
    {
        var tenant = await panel.TenantAsync();
        await panel.Platform.Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/forwarding-rules", await panel.Platform.OperatorAsync(), new { condition = "subject", keyword = "見積", destinations = new[] { "a@example.com" } });
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/reception?to=off");
        await Press(page, "OK");
        await Expect(page.Flash("confirm")).ToBeFocusedAsync();
        await Expect(page.Flash("confirm")).ToContainTextAsync("該当しないメールは失われます。");
        await Expect(page.Flash("confirm")).ToContainTextAsync("Subject: 見積");
        await PanelUnderTest.ShootAsync(page, "reception-428");
        Assert.True(await IsOnAsync(tenant, "reception"));
        await Press(page, "失われるメールがあることを了承して OFF にする");
        await Expect(page.Flash("in-force")).ToContainTextAsync("メール受信を OFF にしました。");
        Assert.False(await IsOnAsync(tenant, "reception"));
    }

    [Fact]
    [Trait("Rule", "SPM-6")]
    [Trait("Rule", "SPM-8")]
    public async Task Advice_is_taken_at_once_and_who_uses_POP_is_warned()
    {
        var tenant = await panel.TenantAsync();
        var now = DateTimeOffset.UtcNow;
        await panel.Platform.ObserveAsync(new LoginsObserved("mail1", [new LoginObserved(now, now, 1, await panel.Platform.AccountIdAsync(tenant.User), tenant.User, "192.0.2.7", "pop3", true, true)]));
        var boss = await panel.Platform.OperatorAsync();
        await Eventually.Async(async () => (await panel.Platform.Client.GetAsync($"/api/v1/accounts/{tenant.User}/spam", boss)).Body!["lastPopAt"], at => at is not null);
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail/spam-advice");
        await page.GetByRole(AriaRole.Radio, new() { Name = "POP 接続" }).CheckAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "件名のみ" }).CheckAsync();
        await Press(page, "おすすめを見る");
        await Expect(page.Locator("[data-part=advice] tbody")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("スパムメール件名表示\\s*ON\\s*OFF\\s*スパムメール自動振分\\s*OFF\\s*OFF"));
        await PanelUnderTest.ShootAsync(page, "spam-advice");
        await Press(page, "この設定にする");
        await Expect(page.Flash("in-force")).ToContainTextAsync("おすすめの設定にしました。");
        Assert.True(await IsOnAsync(tenant, "spam-tag"));

        await page.GotoAsync("/mail/spam-advice?by=imap");
        await Press(page, "この設定にする");
        await Expect(page.Flash("confirm")).ToContainTextAsync("このアカウントは最近 POP で受信しています");
        Assert.False(await IsOnAsync(tenant, "spam-sort"));
        await Press(page, "POP で受信できなくなることを了承して ON にする");
        await Expect(page.Flash("in-force")).ToContainTextAsync("おすすめの設定にしました。");
        Assert.True(await IsOnAsync(tenant, "spam-sort"));
        Assert.False(await IsOnAsync(tenant, "spam-tag"));
        await Press(page, "元に戻す");
        await Expect(page.Flash("in-force")).ToContainTextAsync("設定の変更を元に戻しました。");
        Assert.False(await IsOnAsync(tenant, "spam-sort"));
        Assert.True(await IsOnAsync(tenant, "spam-tag"));
    }

    private static Task Press(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    private async Task<bool> IsOnAsync(Tenant tenant, string setting)
    {
        var account = (await panel.Platform.Client.GetAsync($"/api/v1/accounts/{tenant.User}", await panel.Platform.OperatorAsync())).Body!;
        return setting switch
        {
            "spam-tag" => account["spam"]!["tagSubject"]!.GetValue<bool>(),
            "spam-sort" => account["spam"]!["sortToJunk"]!.GetValue<bool>(),
            _ => account["reception"]!.GetValue<bool>(),
        };
    }
}
