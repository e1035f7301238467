using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "RTE-1")]
public class Forwarding(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, true)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark, true)]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, false)]
    [Trait("Rule", "PNL-2")]
    public async Task A_rule_is_set_changed_undone_and_deleted(string language, int width, ColorScheme scheme, bool script)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width, scheme, script);
        await page.GotoAsync($"/accounts/{tenant.User}/forwarding");
        await Expect(page.GetByText(isJapanese ? "転送は設定されていません。" : "Nothing is forwarded.")).ToBeVisibleAsync();
        await PanelUnderTest.ShootAsync(page, $"forwarding-none-{language}");
        await page.Locator(".heading").GetByRole(AriaRole.Link, new() { Name = isJapanese ? "転送設定" : "Add forwarding" }).ClickAsync();
        await page.GetByRole(AriaRole.Radio, new() { Name = "Subject" }).CheckAsync();
        await page.Field("keyword").FillAsync("見積 (Q&A) ☆");
        await Address(page, 0).FillAsync("b@example.com");
        if (script)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "欄を追加" : "Add a field" }).ClickAsync();
            await Expect(Address(page, 1)).ToBeFocusedAsync();
            await Address(page, 1).FillAsync("a@example.com");
        }
        else await page.Field("more").FillAsync("a@example.com\n");

        await PanelUnderTest.ShootAsync(page, $"forwarding-new-{language}");
        await Press(page, isJapanese ? "設定する" : "Set");
        await DoneAsync(page, script, isJapanese ? "転送設定を登録しました。" : "Forwarding has been set.");
        await Expect(page.Locator("[data-condition=subject]")).ToContainTextAsync(isJapanese ? "2 / 300 件" : "2 of 300");
        Assert.Equal("subject 見積 (Q&A) ☆ a@example.com,b@example.com", Assert.Single(await RulesAsync(tenant)));
        await PanelUnderTest.ShootAsync(page, $"forwarding-{language}");

        await page.ReloadAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "変更: Subject 見積" : "Change: Subject 見積" }).ClickAsync();
        await page.Field("keyword").FillAsync("請求");
        await Press(page, isJapanese ? "設定する" : "Set");
        await DoneAsync(page, script, isJapanese ? "転送設定を変更しました。" : "Forwarding has been changed.");
        Assert.Equal("subject 請求 a@example.com,b@example.com", Assert.Single(await RulesAsync(tenant)));
        await Press(page, isJapanese ? "元に戻す" : "Undo");
        await DoneAsync(page, script, isJapanese ? "転送設定の変更を元に戻しました。" : "The change of forwarding has been undone.");
        Assert.Equal("subject 見積 (Q&A) ☆ a@example.com,b@example.com", Assert.Single(await RulesAsync(tenant)));

        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "×(削除): Subject 見積" : "× (Delete): Subject 見積" }).ClickAsync();
        await Expect(page.Screen("S-FWD-DELETE")).ToContainTextAsync("a@example.com");
        await PanelUnderTest.ShootAsync(page, $"forwarding-delete-{language}");
        await Press(page, "OK");
        await DoneAsync(page, script, isJapanese ? "転送設定を削除しました。" : "Forwarding has been deleted.");
        Assert.Empty(await RulesAsync(tenant));
        await Press(page, isJapanese ? "元に戻す" : "Undo");
        await DoneAsync(page, script, isJapanese ? "転送設定の変更を元に戻しました。" : "The change of forwarding has been undone.");
        Assert.Single(await RulesAsync(tenant));
        await page.GoBackAsync();
        await page.GoForwardAsync();
        await Expect(page.Screen("S-FWD-LIST")).ToContainTextAsync("見積 (Q&A) ☆");
    }

    [Fact]
    [Trait("Rule", "RTE-2")]
    [Trait("Rule", "RTE-3")]
    public async Task Three_hundred_addresses_are_pasted_at_once_and_one_more_is_refused()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync("/mail/forwarding/new");
        await PasteAsync(page, 0, string.Join("\r\n", Enumerable.Range(1, 301).Select(i => $"p{i:000}@example.com")));
        await Expect(Address(page, 300)).ToHaveValueAsync("p301@example.com");
        await Expect(page.GetByText("残り -1 件")).ToBeVisibleAsync();
        await Press(page, "設定する");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("この条件の転送先は 300 件までです(現在 0 件、今回 301 件)。何も登録していません。");
        await Expect(Address(page, 300)).ToHaveValueAsync("p301@example.com");
        Assert.Empty(await RulesAsync(tenant));

        await Address(page, 5).FillAsync("-x@example.com");
        await Address(page, 6).FillAsync("p006 @example.com");
        await Address(page, 299).FillAsync("p001@example.com");
        await page.GetByRole(AriaRole.Button, new() { Name = "この欄を除く: 301" }).ClickAsync();
        await Expect(Address(page, 299)).ToBeFocusedAsync();
        await Press(page, "設定する");
        foreach (var text in new[] { "先頭がハイフン(-)のアドレスは設定できません。", "「p006」はメールアドレスとして正しくありません。", "「p001@example.com」は重複しています。" })
            await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(text);
        await Expect(Address(page, 5)).ToHaveAttributeAsync("aria-invalid", "true");
        await PanelUnderTest.ShootAsync(page, "forwarding-errors");
    }

    [Fact]
    [Trait("Rule", "RTE-2")]
    public async Task What_was_pasted_outlives_a_reload_and_becomes_one_entry_for_each_address()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await page.GotoAsync("/mail/forwarding/new");
        await PasteAsync(page, 0, string.Join('\n', Enumerable.Range(1, 300).Select(i => $"p{i:000}@example.com")));
        await page.ReloadAsync();
        await Expect(Address(page, 299)).ToHaveValueAsync("p300@example.com");
        await Press(page, "設定する");
        await Expect(page.Flash("in-force")).ToContainTextAsync("転送設定を登録しました。");
        await Expect(page.Locator("[data-condition=all] tbody tr")).ToHaveCountAsync(300);
        await Expect(page.Locator("[data-condition=all]")).ToContainTextAsync("300 / 300 件");
        Assert.Equal(300, (await RulesAsync(tenant)).Count);
    }

    [Fact]
    [Trait("Rule", "GWY-4")]
    public async Task A_rule_that_somebody_else_changed_is_shown_beside_ones_own_input()
    {
        var tenant = await panel.TenantAsync();
        var (client, boss) = (panel.Platform.Client, await panel.Platform.OperatorAsync());
        var rules = $"/api/v1/accounts/{tenant.User}/forwarding-rules";
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, rules, boss, new { condition = "from", keyword = "本社", destinations = new[] { "a@example.com" } });
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail/forwarding/1");
        await page.Field("keyword").FillAsync("支社");
        // Another setting of the same version is no conflict.
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/autoreply", boss, new { text = "不在です。" });
        await Press(page, "設定する");
        await Expect(page.Flash("in-force")).ToContainTextAsync("転送設定を変更しました。");

        await page.GotoAsync("/mail/forwarding/1");
        await page.Field("keyword").FillAsync("工場");
        await client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, rules + "/1", boss, new { condition = "from", keyword = "店舗", destinations = new[] { "b@example.com" } });
        await Press(page, "設定する");
        await Expect(page.Flash("conflict")).ToContainTextAsync("に operator がこの設定を変更しました。");
        await Expect(page.GetByRole(AriaRole.Row, new() { Name = "キーワード" })).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("支社\\s*店舗\\s*工場"));
        await PanelUnderTest.ShootAsync(page, "forwarding-conflict");
        Assert.Equal("from 店舗 b@example.com", Assert.Single(await RulesAsync(tenant)));
        await Press(page, "現在の値に自分の変更を重ねて保存する");
        await Expect(page.Flash("in-force")).ToContainTextAsync("転送設定を変更しました。");
        Assert.Equal("from 工場 a@example.com", Assert.Single(await RulesAsync(tenant)));
    }

    [Fact]
    [Trait("Rule", "RTE-6")]
    public async Task While_reception_is_off_the_loss_of_mail_is_confirmed_first()
    {
        var tenant = await panel.TenantAsync();
        await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/reception", await panel.Platform.OperatorAsync(), new { enabled = false });
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail/forwarding/new?condition=from");
        await page.Field("keyword").FillAsync("本社");
        await Address(page, 0).FillAsync("a@example.com");
        await Press(page, "設定する");
        await Expect(page.Flash("confirm")).ToBeFocusedAsync();
        await Expect(page.Flash("confirm")).ToContainTextAsync("転送条件(From / Subject)に該当しないメールは失われます。");
        await PanelUnderTest.ShootAsync(page, "forwarding-428");
        Assert.Empty(await RulesAsync(tenant));
        await Press(page, "失われるメールがあることを了承して設定する");
        await Expect(page.Flash("in-force")).ToContainTextAsync("転送設定を登録しました。");
        await Expect(page.GetByText("どの条件にも該当しないメールは失われます。")).ToBeVisibleAsync();

        await page.GetByRole(AriaRole.Link, new() { Name = "×(削除): From 本社" }).ClickAsync();
        await Press(page, "OK");
        await Expect(page.Flash("confirm")).ToContainTextAsync("メール受信が OFF のため、削除後に届くメールは失われます。");
        Assert.Single(await RulesAsync(tenant));
        await Press(page, "失われることを了承して削除する");
        await Expect(page.Flash("in-force")).ToContainTextAsync("転送設定を削除しました。");
        await Press(page, "元に戻す");
        await Expect(page.Flash("confirm")).ToContainTextAsync("失われます。");
        await Press(page, "了承して元に戻す");
        await Expect(page.Flash("in-force")).ToContainTextAsync("転送設定の変更を元に戻しました。");
        Assert.Single(await RulesAsync(tenant));
    }

    private static ILocator Address(IPage page, int number) => page.Locator($"[name='destinations[{number}]']");

    private static Task Press(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    private static async Task PasteAsync(IPage page, int number, string text)
    {
        await page.EvaluateAsync("text => navigator.clipboard.writeText(text)", text);
        await Address(page, number).FocusAsync();
        await page.Keyboard.PressAsync("Control+V");
    }

    // Without the script the message is followed by a link.
    private static async Task DoneAsync(IPage page, bool script, string text)
    {
        await Expect(page.Screen("S-FWD-LIST")).ToBeVisibleAsync();
        if (!script) await page.ReloadAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync(text);
    }

    private async Task<List<string>> RulesAsync(Tenant tenant)
    {
        var list = await panel.Platform.Client.GetAsync($"/api/v1/accounts/{tenant.User}/forwarding-rules", await panel.Platform.OperatorAsync());
        return [.. list.Body!["items"]!.AsArray().Select(r => $"{r!["condition"]} {r["keyword"]} {string.Join(',', r["destinations"]!.AsArray().Select(d => (string)d!))}")];
    }
}
