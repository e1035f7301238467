using System.Net;
using System.Text.RegularExpressions;
using Hikyaku.Gateway.Tests.Integration;

namespace Hikyaku.Panel.Tests;

[Trait("Rule", "RST-3")]
public partial class PanelBehindAProxy(PanelUnderTest panel)
{
    private const string Trusted = "--Hikyaku:TrustedProxies=127.0.0.1";

    // Without a browser, which would keep cookies for HTTPS to itself: here nothing ends TLS.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task It_believes_the_address_and_the_scheme_of_a_trusted_proxy_only(bool trusted)
    {
        var tenant = await panel.TenantAsync();
        var gateway = new Uri((await panel.Platform.NewGatewayAsync(panel.Platform.AccountsAddress, Trusted)).Urls.First());
        await using var behind = await panel.StartPanelAsync(gateway, null, trusted ? [Trusted] : []);
        using var handler = new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false };
        using var http = new HttpClient(handler) { BaseAddress = new Uri(behind.Urls.First()) };
        http.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        http.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");

        using var page = await http.GetAsync(new Uri("/login", UriKind.Relative));
        Assert.Equal(trusted, page.Headers.Contains("Strict-Transport-Security"));
        var fields = HiddenFields().Matches(await page.Content.ReadAsStringAsync()).Select(m => KeyValuePair.Create(m.Groups[1].Value, WebUtility.HtmlDecode(m.Groups[2].Value)));
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/login", UriKind.Relative));
        request.Headers.Add("Cookie", string.Join("; ", CookiesOf(page).Select(c => c.Split(';')[0])));
        request.Content = new FormUrlEncodedContent([.. fields, new("login", tenant.Admin), new("password", PanelUnderTest.AdminPassword)]);
        using var answer = await http.SendAsync(request);

        var session = CookiesOf(answer).Single(c => c.StartsWith("panel-admin=", StringComparison.Ordinal));
        Assert.Equal(trusted, session.Contains("; secure", StringComparison.Ordinal));
        using var client = new Client(gateway.ToString());
        var sessions = (await client.GetAsync("/api/v1/me/sessions", session.Split(';')[0]["panel-admin=".Length..])).Body!["items"]!.AsArray();
        Assert.Equal(trusted ? "203.0.113.0/24" : "127.0.0.0/24", sessions.Single(s => s!["current"]!.GetValue<bool>())!["network"]!.GetValue<string>());
    }

    private static IEnumerable<string> CookiesOf(HttpResponseMessage answer) => answer.Headers.TryGetValues("Set-Cookie", out var cookies) ? cookies : [];

    [GeneratedRegex("""<input type="hidden" name="([^"]+)" value="([^"]*)" ?/?>""")]
    private static partial Regex HiddenFields();
}
