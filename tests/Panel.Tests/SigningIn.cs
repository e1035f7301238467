using System.Net;
using Hikyaku.Gateway.Tests.Integration;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "PNL-1")]
public class SigningIn(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, true)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark, true)]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, false)]
    public async Task An_operator_signs_in_and_out_by_keyboard(string language, int width, ColorScheme scheme, bool script)
    {
        var page = await panel.PageAsync(language, width, scheme, script);
        await page.GotoAsync("/");
        await Expect(page.Screen("S-SIGNIN-A")).ToBeVisibleAsync();
        await PanelUnderTest.ShootAsync(page, $"sign-in-{language}");

        await page.GetByLabel(language == "ja" ? "ログイン ID" : "Login ID").FillAsync("operator");
        await page.Keyboard.PressAsync("Tab");
        await page.Keyboard.TypeAsync(Deployment.OperatorPassword);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Screen("S-HOME")).ToBeVisibleAsync();
        await PanelUnderTest.ShootAsync(page, $"home-{language}");

        await page.Locator("summary").Filter(new() { HasText = "operator" }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = language == "ja" ? "ログアウト" : "Sign out" }).ClickAsync();
        await Expect(page.GetByText(language == "ja" ? "ログアウトしました。" : "You have signed out.")).ToBeVisibleAsync();
        await page.GotoAsync("/");
        await Expect(page.Screen("S-SIGNIN-A")).ToBeVisibleAsync();
    }

    [Theory, Trait("Rule", "GWY-2")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_administrator_with_a_second_factor_is_asked_for_a_code(bool script)
    {
        var tenant = await panel.TenantAsync();
        var (phone, _) = await panel.Platform.Client.EnrolAsync(await panel.Platform.Client.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword));
        var page = await panel.PageAsync(script: script);
        await page.GotoAsync("/login");
        await Expect(page.Field("secondFactor")).ToHaveCountAsync(0);
        await page.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);

        foreach (var code in new[] { "abc", phone.Next })
        {
            await Expect(page.Field("login")).ToHaveValueAsync(tenant.Admin);
            await page.Field("secondFactor").FillAsync(code);
            await page.Field("password").FillAsync(PanelUnderTest.AdminPassword);
            await page.Locator("form.stack button.primary").ClickAsync();
            if (code == "abc") await Expect(page.GetByText("確認コードが正しくありません。")).ToBeVisibleAsync();
        }

        await Expect(page.Screen("S-HOME")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "ROLE-2")]
    public async Task A_user_signs_in_at_the_users_page_and_sees_no_page_of_administrators()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.PageAsync();
        await page.GotoAsync("/mail/preferences");
        await Expect(page.Screen("S-SIGNIN-U")).ToBeVisibleAsync();

        await page.SignInAsync(tenant.User, Deployment.Password);
        await Expect(page.Screen("S-PREFS")).ToBeVisibleAsync();

        await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
        await Expect(page.Screen("S-SIGNIN-A")).ToBeVisibleAsync();
    }

    [Fact]
    [Trait("Rule", "RST-7")]
    public async Task A_wrong_password_keeps_the_login_and_focuses_the_password()
    {
        var page = await panel.PageAsync();
        await page.GotoAsync("/login");
        await page.SignInAsync("operator", "Not-the-one-77");

        await Expect(page.GetByRole(AriaRole.Alert)).ToHaveTextAsync("ログイン ID またはパスワードが正しくありません。");
        await Expect(page.GetByLabel("ログイン ID")).ToHaveValueAsync("operator");
        await Expect(page.GetByLabel("パスワード", new() { Exact = true })).ToHaveValueAsync("");
        await Expect(page.GetByLabel("パスワード", new() { Exact = true })).ToBeFocusedAsync();
        await PanelUnderTest.ShootAsync(page, "sign-in-wrong");
        Assert.StartsWith("エラー:", await page.TitleAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://example.com/")]
    [InlineData("//example.com/")]
    [InlineData("/\\example.com/")]
    public async Task Nobody_is_sent_to_another_site_after_signing_in(string elsewhere)
    {
        var page = await panel.PageAsync();
        await page.GotoAsync($"/login?return={Uri.EscapeDataString(elsewhere)}");
        await page.SignInAsync("operator", Deployment.OperatorPassword);

        await Expect(page.Screen("S-HOME")).ToBeVisibleAsync();
        Assert.Equal(panel.Address.Authority, new Uri(page.Url).Authority);
    }

    [Fact]
    [Trait("Rule", "GWY-2")]
    public async Task An_administrator_with_a_first_password_must_change_it_first()
    {
        var tenant = await panel.Platform.TenantAsync();
        var page = await panel.PageAsync();
        await page.GotoAsync("/login");
        await page.SignInAsync(tenant.Admin, Deployment.Password);
        await Expect(page.Screen("S-FIRSTPASS")).ToBeVisibleAsync();
        await page.GotoAsync("/");
        await Expect(page.Screen("S-FIRSTPASS")).ToBeVisibleAsync();

        await page.GetByLabel("現在のパスワード").FillAsync(Deployment.Password);
        await page.GetByLabel("新しいパスワード", new() { Exact = true }).FillAsync("short");
        await page.GetByLabel("新しいパスワード(確認)").FillAsync("other");
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        // All mistakes at once: those of the platform and the panel's own.
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("2 回入力したパスワードが一致していません。");
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("12 文字以上で入力してください(現在 5 文字)。");
        await PanelUnderTest.ShootAsync(page, "first-password");

        await page.GetByLabel("現在のパスワード").FillAsync(Deployment.Password);
        await page.GetByLabel("新しいパスワード", new() { Exact = true }).FillAsync(PanelUnderTest.AdminPassword);
        await page.GetByLabel("新しいパスワード(確認)").FillAsync(PanelUnderTest.AdminPassword);
        await page.GetByRole(AriaRole.Button, new() { Name = "変更する" }).ClickAsync();
        await Expect(page.GetByText("パスワードを変更しました。")).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync(tenant.Admin, PanelUnderTest.AdminPassword)).Status);
    }

    [Fact]
    [Trait("Rule", "PNL-2")]
    public async Task An_ended_session_comes_back_to_the_page_after_signing_in()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync("/me/preferences");
        var token = (await page.Context.CookiesAsync()).Single(c => c.Name == "panel-admin").Value;
        await panel.Platform.Client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, "/api/v1/sessions/current", token);

        await page.ReloadAsync();
        await Expect(page.GetByText("ログインの有効期限が切れました。")).ToBeVisibleAsync();
        await page.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await Expect(page.Screen("S-PREFS")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_administrator_and_a_user_are_signed_in_side_by_side()
    {
        var tenant = await panel.TenantAsync();
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await page.GotoAsync("/mail/login");
        await page.SignInAsync(tenant.User, Deployment.Password);
        await page.GotoAsync("/mail/preferences");
        await Expect(page.Locator(".who")).ToHaveTextAsync(tenant.User);
        await page.GotoAsync("/");
        await Expect(page.Locator(".who")).ToHaveTextAsync(tenant.Admin);
    }
}
