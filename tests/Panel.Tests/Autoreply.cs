using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "RTE-7")]
public class Autoreply(PanelUnderTest panel)
{
    private const string Refused = "\u2015\uFF5E\u301C\u2225\u2016\uFF0D\u2212\uFFE0\u00A2\uFFE1\u00A3\uFFE2\u00AC";

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "PNL-2")]
    public async Task A_reply_is_set_changed_deleted_and_undone(string language, int width, ColorScheme scheme)
    {
        var isJapanese = language == "ja";
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width, scheme);
        await page.GotoAsync("/mail");
        await page.GetByRole(AriaRole.Link, new() { Name = isJapanese ? "設定: 自動応答設定" : "Set: Autoreply" }).ClickAsync();
        await Expect(page.Locator("main")).ToContainTextAsync("― ～ ∥ － ￠ ￡ ￢");
        await Expect(page.GetByRole(AriaRole.Button, new() { Name = isJapanese ? "削除" : "Delete" })).ToHaveCountAsync(0);
        await page.Field("text").FillAsync("お問い合わせありがとうございます。\nabc ｱ");
        await Expect(page.GetByText(isJapanese ? "半角換算 40 / 600 文字" : "40 of 600 half-width characters")).ToBeVisibleAsync();
        await Expect(page.Locator("pre")).ToContainTextAsync("お問い合わせありがとうございます。");
        await Press(page, isJapanese ? "設定する" : "Set");
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "自動応答を設定しました。" : "Autoreply has been set.");
        Assert.Equal("お問い合わせありがとうございます。\nabc ｱ", await TextAsync(tenant));
        await PanelUnderTest.ShootAsync(page, $"autoreply-{language}");

        await page.ReloadAsync();
        await Expect(page.Field("text")).ToHaveValueAsync("お問い合わせありがとうございます。\nabc ｱ");
        await page.Field("text").FillAsync("休業中です。");
        await Press(page, isJapanese ? "設定する" : "Set");
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "自動応答を変更しました。" : "Autoreply has been changed.");
        await Press(page, isJapanese ? "削除" : "Delete");
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "自動応答を削除しました。" : "Autoreply has been deleted.");
        Assert.Null(await TextAsync(tenant));
        await Expect(page.Field("text")).ToHaveValueAsync("");
        await Press(page, isJapanese ? "元に戻す" : "Undo");
        await Expect(page.Flash("in-force")).ToContainTextAsync(isJapanese ? "自動応答の変更を元に戻しました。" : "The change of the autoreply has been undone.");
        Assert.Equal("休業中です。", await TextAsync(tenant));
        await page.GoBackAsync();
        await page.GoForwardAsync();
        await Expect(page.Field("text")).ToHaveValueAsync("休業中です。");
    }

    [Fact]
    [Trait("Rule", "GWY-3")]
    public async Task Each_refused_character_is_named_with_its_line_and_all_are_replaced_at_once()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/autoreply");
        await Press(page, "設定する");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("応答文を入力してください。自動応答をやめるには【削除】を押してください。");

        await page.Field("text").FillAsync($"一行目\n{Refused}-~");
        await Press(page, "設定する");
        foreach (var refused in Refused) await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync($"2 行目の「{refused}」は使えません。");
        await PanelUnderTest.ShootAsync(page, "autoreply-errors");
        await Press(page, "すべて置き換える");
        await Expect(page.Flash("replaced")).ToContainTextAsync("まだ保存していません。");
        await Expect(page.Field("text")).ToHaveValueAsync("一行目\n-~~||||--セントセントポンドポンドnotnot-~");
        Assert.Null(await TextAsync(tenant));
        await Press(page, "設定する");
        await Expect(page.Flash("in-force")).ToContainTextAsync("自動応答を設定しました。");

        await page.Field("text").FillAsync(new string('あ', 301));
        await Press(page, "設定する");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("半角換算で 602 文字です。600 文字(全角 300 文字)以内にしてください。");
        await Expect(page.Field("text")).ToHaveValueAsync(new string('あ', 301));
    }

    [Fact]
    [Trait("Rule", "GWY-4")]
    public async Task A_text_that_somebody_else_set_is_shown_beside_ones_own()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/autoreply");
        await page.Field("text").FillAsync("私の文です。");
        await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/autoreply", await panel.Platform.OperatorAsync(), new { text = "先に書いた文です。" });
        await Press(page, "設定する");
        await Expect(page.Flash("conflict")).ToContainTextAsync("に operator がこの設定を変更しました。");
        await Expect(page.Locator(".conflict")).ToContainTextAsync("先に書いた文です。");
        await page.GetByRole(AriaRole.Link, new() { Name = "破棄して現在の値を見る" }).ClickAsync();
        await Expect(page.Field("text")).ToHaveValueAsync("先に書いた文です。");
    }

    private static Task Press(IPage page, string name) => page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync();

    private async Task<string?> TextAsync(Tenant tenant)
        => (await panel.Platform.Client.GetAsync($"/api/v1/accounts/{tenant.User}/autoreply", await panel.Platform.OperatorAsync())).Body?["text"]?.GetValue<string>();
}
