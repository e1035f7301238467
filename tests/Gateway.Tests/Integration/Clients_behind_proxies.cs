using System.Net;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Http;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "RST-3"), Trait("Rule", "GWY-2")]
public sealed class Clients_behind_proxies(Deployment deployment)
{
    private const string Trusted = "--Hikyaku:TrustedProxies=127.0.0.1,198.51.100.0/24,2001:db8:aaaa::/48";

    // Forwarded, X-Forwarded-For, and the client's address that follows where the connection comes from a trusted proxy.
    private static readonly (string? Forwarded, string? ForwardedFor, string Client)[] Said =
    [
        (null, null, "127.0.0.1"),
        (null, "203.0.113.9", "203.0.113.9"),
        (null, "203.0.113.9:4711", "203.0.113.9"),
        (null, "2001:db8::7", "2001:db8::7"),
        (null, "[2001:db8::7]:4711", "2001:db8::7"),
        (null, "::ffff:203.0.113.9", "203.0.113.9"),
        (null, "192.0.2.1, 203.0.113.9", "203.0.113.9"), // what the client made up stands left
        (null, "192.0.2.1, 203.0.113.9, 198.51.100.3, 2001:db8:aaaa::1", "203.0.113.9"),
        (null, "198.51.100.4", "198.51.100.4"),
        (null, "203.0.113.9, nonsense", "127.0.0.1"),
        (null, "nonsense, 198.51.100.3", "198.51.100.3"),
        ("for=203.0.113.9", null, "203.0.113.9"),
        ("for=192.0.2.1, for=\"203.0.113.9:80\";proto=https, for=198.51.100.3", null, "203.0.113.9"),
        ("for=\"[2001:db8::7]:4711\"", null, "2001:db8::7"),
        ("for=unknown", null, "127.0.0.1"),
        ("for=203.0.113.9, for=_hidden", null, "127.0.0.1"),
        ("for=203.0.113.9;", null, "127.0.0.1"),
        ("for=203.0.113.9", "203.0.113.9", "203.0.113.9"),
        ("for=192.0.2.1", "203.0.113.9", "127.0.0.1"), // one of the two was made up
        ("nonsense", "203.0.113.9", "127.0.0.1"),
    ];

    [Fact]
    public async Task A_trusted_proxys_word_counts_past_further_trusted_proxies()
    {
        await using var service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { }));
        using var client = await ClientAsync(service.Address, Trusted);
        foreach (var (forwarded, forwardedFor, expected) in Said)
        {
            (string, string)[] headers = [.. new[] { ("Forwarded", forwarded), ("X-Forwarded-For", forwardedFor) }.Where(h => h.Item2 is not null).Select(h => (h.Item1, h.Item2!))];
            var token = (await client.TrySignInAsync("operator", "x", headers)).Body!["token"]!.GetValue<string>();
            await client.GetAsync("/api/v1/domains", token, headers);
            var sessions = (await client.GetAsync("/api/v1/me/sessions", token)).Body!["items"]!.AsArray();
            var signedInFrom = sessions.Single(s => s!["current"]!.GetValue<bool>())!["address"]!.GetValue<string>();

            Assert.Equal((forwarded, forwardedFor, expected, expected), (forwarded, forwardedFor, CallerOf(service).Address, signedInFrom));
            Assert.DoesNotContain(service.Headers.Keys, k => k.StartsWith("X-", StringComparison.OrdinalIgnoreCase) || k == "Forwarded");
        }
    }

    [Fact]
    public async Task Two_clients_behind_one_trusted_proxy_are_throttled_apart()
    {
        var tenant = await deployment.TenantAsync();
        using var client = await ClientAsync(deployment.AccountsAddress, Trusted);
        for (var i = 0; i < 10; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await FromAsync("203.0.113.9", $"wrong-{i}")).Status);

        Assert.Equal((HttpStatusCode.TooManyRequests, "sessions.too-many-attempts"), await StatusAsync(FromAsync("203.0.113.9", Deployment.Password)));
        Assert.Equal(HttpStatusCode.Created, (await FromAsync("192.0.2.7", Deployment.Password)).Status);

        Task<Reply> FromAsync(string address, string password) => client.TrySignInAsync(tenant.User, password, ("X-Forwarded-For", address));
    }

    [Theory]
    [InlineData("")]
    [InlineData("--Hikyaku:TrustedProxies=192.0.2.1,10.0.0.0/8")]
    public async Task A_header_of_anybody_else_changes_nothing(string setting)
    {
        var tenant = await deployment.TenantAsync();
        using var client = await ClientAsync(deployment.AccountsAddress, setting);
        for (var i = 0; i < 10; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await client.TrySignInAsync(tenant.User, $"wrong-{i}", ("X-Forwarded-For", $"203.0.{i}.9"), ("Forwarded", $"for=203.0.{i}.9"))).Status);

        Assert.Equal(
            (HttpStatusCode.TooManyRequests, "sessions.too-many-attempts"),
            await StatusAsync(client.TrySignInAsync(tenant.User, Deployment.Password, ("X-Forwarded-For", "203.0.113.9"), ("Forwarded", "for=203.0.113.9"))));
    }

    [Fact, Trait("Rule", "SEC-7")]
    public async Task Cookies_are_for_https_alone_where_a_trusted_proxy_ends_it()
    {
        await using var service = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { }));
        using var client = await ClientAsync(service.Address, Trusted);
        using var direct = await ClientAsync(service.Address, "");
        foreach (var (header, value, isHttps) in new[]
        {
            ("X-Forwarded-Proto", "https", true), ("X-Forwarded-Proto", "http", false),
            ("Forwarded", "for=203.0.113.9;proto=https", true), ("Forwarded", "for=203.0.113.9", false),
        })
        {
            var reply = await client.TrySignInAsync("operator", "x", (header, value));
            Assert.Equal(isHttps, reply["Set-Cookie"]!.Contains("secure", StringComparison.OrdinalIgnoreCase));
            Assert.Equal(isHttps, reply["Strict-Transport-Security"] is not null);
            Assert.DoesNotContain("secure", (await direct.TrySignInAsync("operator", "x", (header, value)))["Set-Cookie"]!, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Fact]
    public async Task A_setting_that_cannot_be_read_is_an_error_at_the_start()
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => ClientAsync(deployment.AccountsAddress, "--Hikyaku:TrustedProxies=proxy.example.jp"));

        Assert.Contains("proxy.example.jp", error.Message, StringComparison.Ordinal);
    }

    private async Task<Client> ClientAsync(string accounts, string setting)
        => new((await deployment.NewGatewayAsync(accounts, setting.Length == 0 ? [] : [setting])).Urls.First());

    private static Caller CallerOf(StandInService service)
    {
        var told = new JsonWebToken(service.Headers["Authorization"]["Bearer ".Length..]);
        return System.Text.Json.JsonSerializer.Deserialize<Caller>(told.GetClaim("caller").Value)!;
    }

    private static async Task<(HttpStatusCode, string?)> StatusAsync(Task<Reply> asking)
    {
        var reply = await asking;
        return (reply.Status, reply.Code);
    }
}
