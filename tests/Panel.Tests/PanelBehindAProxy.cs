using Hikyaku.Gateway.Tests.Integration;
using static Microsoft.Playwright.Assertions;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "RST-3")]
public class PanelBehindAProxy(PanelUnderTest panel)
{
    private const string Trusted = "--Hikyaku:TrustedProxies=127.0.0.1";

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_believes_the_address_and_the_scheme_of_a_trusted_proxy_only(bool trusted)
    {
        var tenant = await panel.TenantAsync();
        var gateway = new Uri((await panel.Platform.NewGatewayAsync(panel.Platform.AccountsAddress, Trusted)).Urls.First());
        var behind = await panel.StartPanelAsync(gateway, null, trusted ? [Trusted] : []);
        await using (behind)
        {
            var page = await panel.PageAsync(panel: new Uri(behind.Urls.First()));
            await page.Context.SetExtraHTTPHeadersAsync([new("X-Forwarded-For", "203.0.113.9"), new("X-Forwarded-Proto", "https")]);
            var answer = await page.GotoAsync("/login");
            await page.SignInAsync(tenant.Admin, PanelUnderTest.AdminPassword);
            await Expect(page.Screen("S-HOME")).ToBeVisibleAsync();

            Assert.Equal(trusted, (await answer!.AllHeadersAsync()).ContainsKey("strict-transport-security"));
            var session = (await page.Context.CookiesAsync()).Single(c => c.Name == "panel-admin");
            Assert.Equal(trusted, session.Secure);
            using var client = new Client(gateway.ToString());
            var sessions = (await client.GetAsync("/api/v1/me/sessions", session.Value)).Body!["items"]!.AsArray();
            Assert.Equal(trusted ? "203.0.113.0/24" : "127.0.0.0/24", sessions.Single(s => s!["current"]!.GetValue<bool>())!["network"]!.GetValue<string>());
        }
    }
}
