using System.Net;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Sign-ins at the panel are counted and locked as logins to mail servers are, by the real restrictions service.</summary>
[Trait("Rule", "RST-2"), Trait("Rule", "RST-3"), Trait("Rule", "GWY-2")]
public sealed class Locked_sign_ins(Deployment deployment)
{
    private static int _networks = 20;
    private readonly string _network = $"127.0.{Interlocked.Increment(ref _networks)}";

    [Fact, Trait("Rule", "RST-7")]
    public async Task Wrong_passwords_at_panel_and_mail_server_lock_the_account_for_the_network()
    {
        var (tenant, boss) = (await TenantWithThresholdAsync(4), await deployment.OperatorAsync());
        using var guesser = new Client(deployment.GatewayAddress, IPAddress.Parse($"{_network}.7"));
        for (var i = 0; i < 2; i++) Assert.Equal(HttpStatusCode.Unauthorized, (await guesser.TrySignInAsync(tenant.User, $"wrong-{i}")).Status);
        await FactsAsync(2);
        Assert.Equal("[]", (await RestrictionsAsync()).Text);

        var account = await deployment.AccountIdAsync(tenant.User);
        var at = DateTimeOffset.UtcNow;
        await deployment.ObserveAsync(new LoginsObserved("mail1", [.. Enumerable.Range(0, 2).Select(i => new LoginObserved(
            at, at, 1, account, tenant.User, $"{_network}.9", "imap", Tls: true, Success: false, $"p{i}", null, LoginFailures.Credentials))]));
        var locked = (await Eventually.Async(RestrictionsAsync, r => r.Text != "[]")).Body!.AsArray().Single()!;
        Assert.Equal("account-locked", (string)locked["kind"]!);

        // The right password alone learns of the lock; from elsewhere it lets in.
        var refused = await guesser.TrySignInAsync(tenant.User, Deployment.Password);
        Assert.Equal((HttpStatusCode.Locked, "sessions.account-locked"), (refused.Status, refused.Code));
        Assert.Contains((string)locked["reference"]!, refused.Text, StringComparison.Ordinal);
        Assert.Equal((HttpStatusCode.Unauthorized, "sessions.wrong-credentials"), await StatusAsync(guesser.TrySignInAsync(tenant.User, "wrong-0")));
        var user = await deployment.Client.SignInAsync(tenant.User, Deployment.Password);

        var devices = (await deployment.Client.GetAsync($"/api/v1/accounts/{tenant.User}/login-failures", user)).Body!["items"]!.AsArray();
        Assert.Equal(["imap", "panel"], devices.Select(d => (string)d!["protocol"]!).Order(StringComparer.Ordinal));
        Assert.All(devices, d => Assert.Equal($"{_network}.0/24", (string)d!["network"]!));

        Task<Reply> RestrictionsAsync() => deployment.Client.GetAsync($"/api/v1/accounts/{tenant.User}/restrictions", boss);

        Task FactsAsync(int failures) => Eventually.Async(async () =>
            (await deployment.Client.GetAsync($"/api/v1/accounts/{tenant.User}/login-failures", boss)).Body!["items"]!.AsArray().Sum(i => (int)i!["failures"]!) == failures);
    }

    [Fact]
    public async Task A_right_sign_in_makes_its_network_known_to_the_account()
    {
        var tenant = await TenantWithThresholdAsync(3);
        using var home = new Client(deployment.GatewayAddress, IPAddress.Parse($"{_network}.7"));
        await home.SignInAsync(tenant.User, Deployment.Password);
        var account = await deployment.AccountIdAsync(tenant.User);
        await Eventually.Async(async () => await deployment.AskRestrictionsAsync("select network from login_network where account_id = $1", account) as string == $"{_network}.0/24");
    }

    [Fact, Trait("Rule", "REL-2")]
    public async Task While_the_restrictions_service_is_away_a_right_password_lets_in()
    {
        var tenant = await deployment.TenantAsync();
        var gateway = await deployment.NewGatewayAsync(deployment.AccountsAddress, "--Hikyaku:Services:restrictions=http://127.0.0.1:1");
        using var client = new Client(gateway.Urls.First());
        await client.SignInAsync(tenant.User, Deployment.Password);
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.TrySignInAsync(tenant.User, "wrong")).Status);
    }

    // The gateway itself stops the eleventh try of a login: locks must come before it.
    private async Task<Tenant> TenantWithThresholdAsync(int wrongPasswords)
    {
        var (tenant, boss) = (await deployment.TenantAsync(), await deployment.OperatorAsync());
        // 404 until the service has heard of the domain.
        await Eventually.Async(async () => (await deployment.Client.SendAsync(
            HttpMethod.Put, $"/api/v1/domains/{tenant.Domain}/restriction-policy", boss, new { values = new { wrongPasswords }, reason = "a test" })).Status == HttpStatusCode.OK);
        return tenant;
    }

    private static async Task<(HttpStatusCode, string?)> StatusAsync(Task<Reply> reply) => ((await reply).Status, (await reply).Code);
}
