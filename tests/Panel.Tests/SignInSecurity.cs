using System.Net;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Tests.Integration;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Panel.Screens.Security;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "GWY-2")]
public class SignInSecurity(PanelUnderTest panel)
{
    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, true)]
    [InlineData("en", PanelUnderTest.Phone, ColorScheme.Dark, true)]
    [InlineData("ja", PanelUnderTest.Desktop, ColorScheme.Light, false)]
    public async Task An_administrator_sets_up_a_second_factor_and_turns_it_off(string language, int width, ColorScheme scheme, bool script)
    {
        string In(string japanese, string english) => language == "ja" ? japanese : english;
        var tenant = await panel.TenantAsync();
        var other = await panel.Platform.Client.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword, language, width, scheme, script);
        await page.GotoAsync("/me/second-factor");
        await Expect(page.Screen("S-2FA")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = In("設定を始める", "Set it up") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Img, new() { Name = In("認証アプリ用の QR コード", "QR code for the authenticator app") })).ToBeVisibleAsync();
        var phone = new Authenticator((await page.Locator("[data-secret]").TextContentAsync())!.Replace(" ", "", StringComparison.Ordinal));
        if (script) await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"second-factor-{language}");

        await page.Field("code").FillAsync("12345");
        await page.GetByRole(AriaRole.Button, new() { Name = In("有効にする", "Turn on") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(In("確認コードが正しくありません。", "code"));
        await page.Field("code").FillAsync(phone.Now);
        await page.GetByRole(AriaRole.Button, new() { Name = In("有効にする", "Turn on") }).ClickAsync();
        await Expect(page.Locator("[data-codes] code")).ToHaveCountAsync(10);
        var codes = await page.Locator("[data-codes] code").AllTextContentsAsync();
        if (script)
        {
            await page.ExpectNoViolationsAsync();
            Assert.DoesNotContain(codes[0], await page.EvaluateAsync<string>("() => location.href + JSON.stringify(sessionStorage) + JSON.stringify(localStorage)"), StringComparison.Ordinal);
        }

        await PanelUnderTest.ShootAsync(page, $"recovery-codes-{language}");
        await page.GetByRole(AriaRole.Checkbox, new() { Name = In("保存しました", "I have saved them") }).CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = In("続ける", "Continue") }).ClickAsync();
        await Expect(page.GetByText(In("二段階認証を有効にしました。", "The second factor is on. Other sign-ins have ended."))).ToBeVisibleAsync();
        await Expect(page.GetByText(codes[0])).ToHaveCountAsync(0);
        await Eventually.Async(async () => (await panel.Platform.Client.GetAsync("/api/v1/me", other)).Status == HttpStatusCode.Unauthorized);
        Assert.Equal("sessions.second-factor-required", (await panel.Platform.Client.TrySignInAsync(tenant.Admin, PanelUnderTest.AdminPassword)).Code);

        await page.GetByRole(AriaRole.Link, new() { Name = In("無効にする", "Turn off") }).ClickAsync();
        await page.Field("password").FillAsync("Not-the-one-77");
        await page.Field("code").FillAsync(codes[0]);
        await page.GetByRole(AriaRole.Button, new() { Name = In("無効にする", "Turn off") }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.Field("password").FillAsync(PanelUnderTest.AdminPassword);
        await page.Field("code").FillAsync(codes[0]);
        await page.GetByRole(AriaRole.Button, new() { Name = In("無効にする", "Turn off") }).ClickAsync();
        await Expect(page.GetByText(In("二段階認証を無効にしました。", "The second factor is off now."))).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Created, (await panel.Platform.Client.TrySignInAsync(tenant.Admin, PanelUnderTest.AdminPassword)).Status);
    }

    [Fact]
    public async Task Where_a_domain_requires_a_second_factor_no_other_page_opens_before()
    {
        var tenant = await panel.TenantAsync();
        await panel.Platform.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/domains/{tenant.Domain}", await panel.Platform.OperatorAsync(), new { requireSecondFactor = true });
        var page = await panel.SignedInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
        await Eventually.Async(async () =>
        {
            await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
            return await page.Screen("S-2FA").CountAsync() == 1;
        });
        await Expect(page.Flash("required")).ToContainTextAsync(tenant.Domain);
        await page.GetByRole(AriaRole.Button, new() { Name = "設定を始める" }).ClickAsync();
        var phone = new Authenticator((await page.Locator("[data-secret]").TextContentAsync())!.Replace(" ", "", StringComparison.Ordinal));
        await page.Field("code").FillAsync(phone.Now);
        await page.GetByRole(AriaRole.Button, new() { Name = "有効にする" }).ClickAsync();
        await Expect(page.Locator("[data-codes] code")).ToHaveCountAsync(10);
        await Eventually.Async(async () =>
        {
            await page.GotoAsync($"/domains/{tenant.Domain}/accounts");
            return await page.Screen("S-ACC-LIST").CountAsync() == 1;
        });
    }

    [Theory]
    [InlineData("ja", PanelUnderTest.Desktop)]
    [InlineData("en", PanelUnderTest.Phone)]
    public async Task Sessions_are_listed_and_ended_and_tokens_are_made_and_revoked(string language, int width)
    {
        string In(string japanese, string english) => language == "ja" ? japanese : english;
        var (client, tenant) = (panel.Platform.Client, await panel.TenantAsync());
        var others = new[] { await client.SignInAsync(tenant.User, Deployment.Password), await client.SignInAsync(tenant.User, Deployment.Password) };
        var page = await panel.SignedInAsync(tenant.User, Deployment.Password, language, width);
        await page.GotoAsync("/mail/sessions");
        await Expect(page.Locator("[data-session]")).ToHaveCountAsync(3);
        await Expect(page.Locator("[data-session]").Filter(new() { HasText = In("この端末", "this one") }).GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"sessions-{language}");
        await page.Locator("[data-session] button").First.ClickAsync();
        await Expect(page.Locator("[data-session]")).ToHaveCountAsync(2);
        await page.GetByRole(AriaRole.Button, new() { Name = In("ほかをすべて終了", "End all others") }).ClickAsync();
        await Expect(page.Locator("[data-session]")).ToHaveCountAsync(1);
        foreach (var other in others) Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/api/v1/me", other)).Status);

        await page.GetByRole(AriaRole.Link, new() { Name = In("API トークン", "API tokens") }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = In("トークンを発行", "Create a token") }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = In("発行", "Create"), Exact = true }).ClickAsync();
        await Expect(page.GetByRole(AriaRole.Alert).GetByRole(AriaRole.Link)).ToHaveCountAsync(2);
        await page.ExpectNoViolationsAsync();
        await PanelUnderTest.ShootAsync(page, $"token-new-{language}");
        await page.Field("name").FillAsync("backup");
        await page.Locator("[value='history:read']").CheckAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = In("発行", "Create"), Exact = true }).ClickAsync();
        var token = await page.Locator("[data-token-text]").TextContentAsync();
        await page.ExpectNoViolationsAsync();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync($"/api/v1/accounts/{tenant.User}/history", token)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync($"/api/v1/accounts/{tenant.User}", token)).Status);

        await page.ReloadAsync();
        await Expect(page.GetByText(token!)).ToHaveCountAsync(0);
        await page.GotoAsync("/mail/tokens");
        await page.ExpectNoViolationsAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = In("失効: backup", "Revoke: backup") }).ClickAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = In("失効", "Revoke") }).ClickAsync();
        await Expect(page.GetByText(In("トークンを失効させました。", "The token has been revoked."))).ToBeVisibleAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync($"/api/v1/accounts/{tenant.User}/history", token)).Status);
    }

    [Theory]
    [InlineData(Roles.Operator)]
    [InlineData(Roles.Admin)]
    [InlineData(Roles.User)]
    public void The_scopes_that_are_offered_are_those_that_the_gateway_gives(string role)
        => Assert.Equal(NewToken.ScopesOf(role, RouteTable.With()), ScopeWords.Of(role, write: false).Concat(ScopeWords.Of(role, write: true)).Select(s => s.Scope).Order(StringComparer.Ordinal));
}
