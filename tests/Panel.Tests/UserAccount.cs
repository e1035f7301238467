using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-6")]
public class UserAccount(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark)]
    [Trait("Rule", "ACC-3")]
    public async Task The_settings_page_tells_how_every_setting_stands(string language, int width, ColorScheme scheme)
    {
        var tenant = await panel.TenantAsync();
        var (client, token) = (panel.Platform.Client, await panel.Platform.OperatorAsync());
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", token, new { comment = "秘密のメモ" });
        await client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/forwarding-rules", token, new { condition = "all", destinations = new[] { "a@example.com", "b@example.com" } });
        await client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/autoreply", token, new { text = "お問い合わせありがとうございます。" });
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width, scheme);
        await page.GotoAsync("/mail");

        await Expect(page.Screen("S-USER")).ToBeVisibleAsync();
        await Expect(Setting(page, "status")).ToContainTextAsync(language == "ja" ? "正常" : "Normal");
        await Expect(Setting(page, "forwarding")).ToContainTextAsync(language == "ja" ? "すべて 2 件" : "All: 2");
        await Expect(Setting(page, "autoreply")).ToContainTextAsync("お問い合わせありがとうございます。");
        await Expect(Setting(page, "spam-tag")).ToContainTextAsync("OFF");
        await Expect(Setting(page, "reception")).ToContainTextAsync("ON");
        await Expect(page.GetByText("秘密のメモ")).ToHaveCountAsync(0);
        await PanelUnderTest.ShootAsync(page, $"user-{language}");
    }

    [Fact]
    [Trait("Rule", "RST-1")]
    public async Task A_restriction_stands_first_in_red_words()
    {
        var tenant = await panel.TenantAsync();
        await panel.Platform.Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/accounts/{tenant.User}/restrictions", await panel.Platform.OperatorAsync(), new { kind = "sending-locked", reason = "Mass sending" });
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail");

        await Expect(Setting(page, "status").Locator(".bad")).ToHaveTextAsync("メール送信ロック");
        await PanelUnderTest.ShootAsync(page, "user-restricted");
    }

    [Fact]
    [Trait("Rule", "ACC-7")]
    public async Task A_user_changes_their_own_password_and_stays_signed_in()
    {
        const string better = "Kinmokusei-8-aki";
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail");
        await page.GetByRole(AriaRole.Link, new() { Name = "パスワード変更: アカウント詳細設定" }).ClickAsync();
        await page.Field("current").FillAsync("Wrong-one-12-ab");
        await page.Field("new").FillAsync(better);
        await page.Field("passwordAgain").FillAsync(better);
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("現在のパスワードが正しくありません。");

        await page.Field("current").FillAsync(Deployment.Password);
        await page.Field("new").FillAsync(better);
        await page.Field("passwordAgain").FillAsync(better);
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("パスワードを変更しました。");
        await PanelUnderTest.ShootAsync(page, "password");
        Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync(tenant.User, better)).Status);
    }

    [Fact]
    [Trait("Rule", "ROLE-1")]
    public async Task A_user_finds_no_page_of_administrators()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password);
        foreach (var path in new[] { $"/accounts/{tenant.User}", $"/accounts/{tenant.User}/details", $"/domains/{tenant.Domain}/accounts" })
        {
            await page.GotoAsync(path);
            await Expect(page.Screen("S-SIGNIN-A")).ToBeVisibleAsync();
        }
    }

    private static ILocator Setting(IPage page, string id) => page.Locator($"[data-setting={id}]");
}
