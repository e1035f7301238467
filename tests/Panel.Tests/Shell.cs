using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-2")]
public class Shell(PanelUnderTest panel)
{
    [Fact]
    public async Task The_language_switch_keeps_the_page_and_lasts()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync("/me/preferences");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "ja");
        await page.GetByRole(AriaRole.Link, new() { Name = "EN" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Preferences", Level = 1 })).ToBeVisibleAsync();
        await page.GotoAsync("/");
        await Expect(page.Locator("html")).ToHaveAttributeAsync("lang", "en");
    }

    [Fact]
    public async Task Preferences_count_on_every_device()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync("/me/preferences");
        await page.GetByLabel("ダーク").CheckAsync();
        await page.GetByLabel("タイムゾーン").FillAsync("Europe/Nowhere");
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("このタイムゾーンはありません。");

        await page.GetByLabel("ダーク").CheckAsync();
        await page.GetByLabel("タイムゾーン").FillAsync("Europe/Berlin");
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.GetByText("表示設定を変更しました。")).ToBeVisibleAsync();
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(page.Locator("footer")).ToContainTextAsync("Europe/Berlin");
        await PanelUnderTest.ShootAsync(page, "preferences");

        await page.GetByRole(AriaRole.Link, new() { Name = "EN" }).ClickAsync();
        var other = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await other.GotoAsync("/me/preferences");
        await Expect(other.Locator("html")).ToHaveAttributeAsync("lang", "en");
        await Expect(other.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(other.Locator("footer")).ToContainTextAsync("Europe/Berlin");
    }

    [Theory]
    [InlineData("/nothing/here")]
    [InlineData("/accounts/nobody@nowhere.example.jp")]
    [Trait("Rule", "ROLE-2")]
    public async Task What_is_not_there_has_one_page_with_its_status(string path)
    {
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        var answer = await page.GotoAsync(path);

        Assert.Equal(404, answer!.Status);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("ページが見つかりません。");
        Assert.EndsWith(path, page.Url, StringComparison.Ordinal);
        await PanelUnderTest.ShootAsync(page, "not-found");
    }

    [Fact]
    public async Task A_gateway_that_is_away_is_told_and_found_again()
    {
        var tenant = await panel.TenantAsync();
        var gateway = await panel.Platform.NewGatewayAsync(panel.Platform.AccountsAddress);
        await using var other = await panel.StartPanelAsync(new Uri(gateway.Urls.First()));
        await gateway.StopAsync();
        var page = await panel.PageAsync(panel: new Uri(other.Urls.First()));
        await page.Context.AddCookiesAsync([new() { Name = "panel-admin", Value = "a-token", Url = other.Urls.First() }]);

        var answer = await page.GotoAsync("/");
        Assert.Equal(503, answer!.Status);
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("サーバーに接続できません。");
        await Expect(page.GetByText("メールの送受信は続いています。")).ToBeVisibleAsync();
        Assert.NotNull(tenant);
    }

    [Fact]
    public async Task A_form_of_another_site_is_refused()
    {
        var page = await panel.SignedInAsync("operator", Deployment.OperatorPassword);
        var forged = page.Context.APIRequest.CreateFormData();
        forged.Set("theme", "dark").Set("timeZone", "Asia/Tokyo").Set("_handler", "preferences");
        var answer = await page.Context.APIRequest.PostAsync("/me/preferences", new() { Form = forged });

        Assert.Equal(400, answer.Status);
        var signOut = await page.Context.APIRequest.PostAsync("/logout");
        Assert.Equal(400, signOut.Status);
    }

    [Fact]
    public async Task A_form_drawn_for_another_login_changes_nothing()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync("/me/preferences");
        var token = await panel.Platform.OperatorAsync();
        await page.Context.AddCookiesAsync([new() { Name = "panel-admin", Value = token, Url = panel.Address.ToString() }]);
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync("別のアカウントでログインし直されています。");
    }

    [Fact]
    public async Task Pages_allow_no_inline_script_or_style()
    {
        var page = await panel.PageAsync();
        var complaints = new List<string>();
        page.Console += (_, message) => { if (message.Type == "error") complaints.Add(message.Text); };
        var answer = await page.GotoAsync("/login");

        Assert.DoesNotContain("unsafe", answer!.Headers["content-security-policy"], StringComparison.Ordinal);
        Assert.StartsWith("default-src 'none'", answer.Headers["content-security-policy"], StringComparison.Ordinal);
        Assert.Empty(complaints);
    }
}
