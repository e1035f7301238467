using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-2")]
public class AccountForms(PanelUnderTest panel)
{
    private const string NewPassword = "Kinmokusei-7-aki";

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, true)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark, true)]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, false)]
    [Trait("Rule", "ACC-3")]
    public async Task An_account_is_created_and_its_settings_page_says_so(string language, int width, ColorScheme scheme, bool script)
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width, scheme, script);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
        await page.GetByRole(AriaRole.Link, new() { Name = language == "ja" ? "メールアカウント作成" : "Create mail account" }).ClickAsync();
        await page.Field("name").FillAsync("jiro");
        await page.Field("password").FillAsync(NewPassword);
        await page.Field("passwordAgain").FillAsync(NewPassword);
        await page.Field("comment").FillAsync("営業部");
        await PanelUnderTest.ShootAsync(page, $"account-new-{language}");
        await page.GetByRole(AriaRole.Button, new() { Name = language == "ja" ? "追加する" : "Add", Exact = true }).ClickAsync();

        await Expect(page.Screen("S-ACC")).ToBeVisibleAsync();
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync($"jiro@{tenant.Domain}");
        if (!script) await page.ReloadAsync(); // by the link, without the script
        await Expect(page.Flash("in-force")).ToContainTextAsync(language == "ja" ? $"メールアカウント jiro@{tenant.Domain} を作成しました。" : $"Mail account jiro@{tenant.Domain} has been created.");
        await PanelUnderTest.ShootAsync(page, $"account-{language}");
        Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync($"jiro@{tenant.Domain}", NewPassword)).Status);

        await page.ReloadAsync();
        await Expect(page.Screen("S-ACC")).ToBeVisibleAsync();
        await page.GoBackAsync();
        await page.GoForwardAsync();
        await Expect(page.Screen("S-ACC")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ACC-1")]
    [Trait("Rule", "ACC-2")]
    [Trait("Rule", "GWY-3")]
    public async Task All_mistakes_are_told_at_once_and_what_was_typed_stays()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/new");
        await page.Field("name").FillAsync("-x");
        await page.Field("password").FillAsync("abc");
        await page.Field("passwordAgain").FillAsync("abd");
        await page.Field("capacityMb").FillAsync("many");
        await page.Field("comment").FillAsync("経理部");
        await page.GetByRole(AriaRole.Button, new() { Name = "追加する" }).ClickAsync();

        var summary = page.GetByRole(AriaRole.Alert);
        await Expect(summary).ToBeFocusedAsync();
        foreach (var text in new[]
        {
            "先頭と末尾は英数字にしてください。", "12 文字以上で入力してください(現在 3 文字)。", "半角英大文字を 1 文字以上含めてください。", "半角数字を 1 文字以上含めてください。",
            "半角記号を 1 文字以上含めてください。", "2 回入力したパスワードが一致していません。", "設定容量は 1 から",
        })
            await Expect(summary).ToContainTextAsync(text);
        await Expect(page.Field("name")).ToHaveValueAsync("-x");
        await Expect(page.Field("capacityMb")).ToHaveValueAsync("many");
        await Expect(page.Field("comment")).ToHaveValueAsync("経理部");
        await Expect(page.Field("password")).ToHaveValueAsync("");
        await Expect(page.Field("name")).ToHaveAttributeAsync("aria-invalid", "true");
        Assert.StartsWith("エラー:", await page.TitleAsync(), StringComparison.Ordinal);
        await PanelUnderTest.ShootAsync(page, "account-new-errors");

        await summary.GetByRole(AriaRole.Link, new() { Name = "先頭と末尾は英数字にしてください。" }).ClickAsync();
        await Expect(page.Field("name")).ToBeFocusedAsync();
    }

    [Fact]
    [Trait("Rule", "ACC-13")]
    public async Task A_full_domain_says_so_before_anything_is_typed()
    {
        var tenant = await panel.TenantAsync();
        await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/domains/{tenant.Domain}", await panel.Platform.OperatorAsync(), new { maxAccounts = 3 });
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/new");
        await Expect(page.GetByText("このドメインに作成できるアカウントの上限(3 件)に達しています。")).ToBeVisibleAsync();
        await Expect(page.Field("name")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task What_is_typed_outlives_a_reload_but_passwords_do_not()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/new");
        await page.Field("name").FillAsync("saburo");
        await page.GetByRole(AriaRole.Button, new() { Name = "パスワードを生成" }).ClickAsync(); // which shows it
        await Expect(page.Field("password")).Not.ToHaveValueAsync("");
        await page.Field("comment").FillAsync("途中");
        await page.ReloadAsync();

        await Expect(page.GetByText("入力途中の内容を復元しました。")).ToBeVisibleAsync();
        await Expect(page.Field("name")).ToHaveValueAsync("saburo");
        await Expect(page.Field("comment")).ToHaveValueAsync("途中");
        await Expect(page.Field("password")).ToHaveValueAsync("");
    }

    [Fact]
    public async Task What_is_typed_outlives_a_session_that_ends()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/new");
        await page.Field("name").FillAsync("shiro");
        var token = (await page.Context.CookiesAsync()).Single(c => c.Name == "panel-admin").Value;
        await panel.Platform.Client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, "/api/v1/sessions/current", token);
        await page.GetByRole(AriaRole.Button, new() { Name = "追加する" }).ClickAsync();

        await Expect(page.GetByText("ログインの有効期限が切れました。入力内容は保持されています。")).ToBeVisibleAsync();
        await page.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await Expect(page.Screen("S-ACC-NEW")).ToBeVisibleAsync();
        await Expect(page.Field("name")).ToHaveValueAsync("shiro");
    }

    [Fact]
    [Trait("Rule", "GWY-4")]
    public async Task A_form_sent_while_the_panel_is_away_arrives_once_when_it_is_back()
    {
        var tenant = await panel.TenantAsync();
        await using var away = await RestartablePanel.StartAsync(panel);
        var page = await panel.PageAsync(panel: away.Address);
        await page.Context.AddCookiesAsync([new() { Name = "panel-admin", Value = await panel.Platform.Client.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword), Url = away.Address.ToString() }]);
        await page.GotoAsync($"/domains/{tenant.Domain}/accounts/new");
        await page.Field("name").FillAsync("goro");
        await page.Field("password").FillAsync(NewPassword);
        await page.Field("passwordAgain").FillAsync(NewPassword);
        await away.StopAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "追加する" }).ClickAsync();
        await Expect(page.GetByText("サーバーに接続できません。自動的に再接続しています。入力内容は保持されています。")).ToBeVisibleAsync();
        await Expect(page.Field("name")).ToHaveValueAsync("goro");

        await away.StartAgainAsync();
        await Expect(page.Screen("S-ACC")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToHaveTextAsync($"goro@{tenant.Domain}");
    }

    [Fact]
    [Trait("Rule", "ACC-7")]
    public async Task Details_are_changed_and_what_is_blank_stays()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/details");
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("変更する項目を入力してください。");

        await page.Field("capacityMb").FillAsync("25");
        await page.Field("comment").FillAsync("本社 3 階");
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("アカウント詳細設定を変更しました。");
        await PanelUnderTest.ShootAsync(page, "account-details");

        var account = await panel.Platform.Client.GetAsync($"/api/v1/accounts/{tenant.User}", await panel.Platform.OperatorAsync());
        Assert.Equal(25, account.Body!["capacityMb"]!.GetValue<int>());
        Assert.Equal("本社 3 階", account.Body["comment"]!.GetValue<string>());
        Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync(tenant.User, Deployment.Password)).Status);
    }

    [Fact]
    [Trait("Rule", "NOD-5")]
    public async Task A_change_is_saved_first_and_done_once_every_mail_node_obeys()
    {
        var tenant = await panel.TenantAsync();
        var account = await panel.Platform.AccountIdAsync(tenant.User);
        await panel.Platform.ReportNodeAsync(behind: account);
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/details");
        await page.Field("comment").FillAsync("本社 5 階");
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.Flash("saved")).ToContainTextAsync("保存しました。メールサーバーに反映しています…");
        await Expect(page.GetByText("アカウント詳細設定を変更しました。")).ToHaveCountAsync(0);
        await PanelUnderTest.ShootAsync(page, "saved");

        await panel.Platform.ReportNodeAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("アカウント詳細設定を変更しました。");
    }

    [Fact]
    [Trait("Rule", "GWY-4")]
    public async Task A_change_by_somebody_else_is_told_and_not_overwritten()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/details");
        await page.Field("capacityMb").FillAsync("30");
        await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{tenant.User}", await panel.Platform.OperatorAsync(), new { capacityMb = 40 });
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();

        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("この設定はほかの人が先に変更しました。");
        await Expect(page.GetByText("現在 40 MB")).ToBeVisibleAsync();
        await Expect(page.Field("capacityMb")).ToHaveValueAsync("30");
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ACC-2")]
    public async Task A_generated_password_fulfils_every_rule()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync($"/accounts/{tenant.User}/details");
        await page.GetByRole(AriaRole.Button, new() { Name = "パスワードを生成" }).ClickAsync();
        await Expect(page.Locator("[data-rule].done")).ToHaveCountAsync(6);
        var made = await page.Field("password").InputValueAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.Flash("in-force")).ToContainTextAsync("メールソフトにも新しいパスワードを設定してください。");

        Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync(tenant.User, made)).Status);
    }
}
