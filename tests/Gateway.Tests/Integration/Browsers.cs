using System.Net;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "SEC-7")]
public sealed class Browsers(Deployment deployment)
{
    private static readonly (string, string) SameOrigin = ("Sec-Fetch-Site", "same-origin");
    private readonly Client _client = deployment.Client;

    [Fact]
    public async Task Two_cookies_of_two_names_hold_an_administrators_and_a_users_session_side_by_side()
    {
        var tenant = await deployment.TenantAsync();
        var (admin, user) = (await CookieAsync(tenant.Admin), await CookieAsync(tenant.User));
        Assert.StartsWith("hikyaku-admin=", admin, StringComparison.Ordinal);
        Assert.StartsWith("hikyaku-user=", user, StringComparison.Ordinal);
        var both = ("Cookie", $"{user}; {admin}");

        Assert.Equal("admin", await RoleAsync(("Cookie", admin)));
        Assert.Equal("user", await RoleAsync(("Cookie", user)));
        Assert.Equal("admin", await RoleAsync(both));
        Assert.Equal("user", await RoleAsync(both, ("X-Hikyaku-Session", "user")));
    }

    [Fact]
    public async Task A_cookie_is_out_of_reach_of_scripts_and_of_other_sites()
    {
        var tenant = await deployment.TenantAsync();
        var cookie = (await _client.TrySignInAsync(tenant.User, Deployment.Password))["Set-Cookie"]!;

        Assert.Contains("; httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("; path=/", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("; secure", cookie, StringComparison.OrdinalIgnoreCase); // came by http
        Assert.DoesNotContain("domain=", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_change_by_cookie_is_made_only_when_it_comes_from_this_site()
    {
        var tenant = await deployment.TenantAsync();
        var cookie = ("Cookie", await CookieAsync(tenant.Admin));
        var (path, body) = ($"/api/v1/accounts/{tenant.User}", new { comment = "x" });

        foreach (var headers in new (string, string)[][] { [cookie], [cookie, ("Sec-Fetch-Site", "cross-site")], [cookie, ("Origin", "http://evil.example")], [cookie, ("Origin", "null")] })
        {
            var refused = await _client.SendAsync(HttpMethod.Patch, path, null, body, headers);
            Assert.Equal((HttpStatusCode.Forbidden, "sessions.cross-site-request"), (refused.Status, refused.Code));
        }

        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Patch, path, null, body, cookie, SameOrigin)).Status);
        Assert.Equal(HttpStatusCode.OK, (await _client.SendAsync(HttpMethod.Patch, path, null, new { comment = "y" }, cookie, ("Origin", _client.Address.GetLeftPart(UriPartial.Authority)))).Status);
        var history = (await _client.GetAsync($"{path}/history", null, cookie)).Body!["items"]!.AsArray();
        Assert.Contains(history, h => h!["via"]!.GetValue<string>() == "panel");
    }

    [Fact]
    public async Task Signing_out_takes_the_cookie_away()
    {
        var tenant = await deployment.TenantAsync();
        var cookie = ("Cookie", await CookieAsync(tenant.User));
        var reply = await _client.SendAsync(HttpMethod.Delete, "/api/v1/sessions/current", null, null, cookie, SameOrigin);

        Assert.Equal(HttpStatusCode.NoContent, reply.Status);
        Assert.StartsWith("hikyaku-user=; expires=Thu, 01 Jan 1970", reply["Set-Cookie"]!, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.GetAsync("/api/v1/me", null, cookie)).Status);
    }

    [Fact]
    public async Task A_bearer_token_that_does_not_count_is_not_made_good_by_a_cookie()
    {
        var tenant = await deployment.TenantAsync();
        var cookie = ("Cookie", await CookieAsync(tenant.User));

        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.GetAsync("/api/v1/me", "x", cookie)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.GetAsync("/api/v1/me", null, cookie, ("Authorization", "Basic eDp5"))).Status);
    }

    [Theory]
    [InlineData("/api/v1/me")]
    [InlineData("/api/v1/openapi.json")]
    [InlineData("/api/v1/domains")]
    [InlineData("/nothing")]
    [InlineData("/health/live")]
    public async Task Every_answer_has_the_security_headers(string path)
    {
        foreach (var reply in new[] { await _client.GetAsync(path), await _client.GetAsync(path, await deployment.OperatorAsync()) })
        {
            Assert.Equal("nosniff", reply["X-Content-Type-Options"]);
            Assert.Equal("no-store", reply["Cache-Control"]);
            Assert.Equal("no-referrer", reply["Referrer-Policy"]);
            Assert.Equal("default-src 'none'; frame-ancestors 'none'", reply["Content-Security-Policy"]);
            Assert.Null(reply["Server"]);
            Assert.Equal(reply.Status == HttpStatusCode.Unauthorized ? "Bearer" : null, reply["WWW-Authenticate"]);
        }
    }

    private async Task<string> CookieAsync(string login)
        => (await _client.TrySignInAsync(login, Deployment.Password))["Set-Cookie"]!.Split(';')[0];

    private async Task<string?> RoleAsync(params (string, string)[] headers)
        => (await _client.GetAsync("/api/v1/me", null, headers)).Body!["role"]?.GetValue<string>();
}
