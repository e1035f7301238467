using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-2")]
public sealed class Sessions_end(Deployment deployment)
{
    private const string NewPassword = "Kaze-tachinu-34";
    private readonly Client _client = deployment.Client;

    [Fact]
    public async Task By_signing_out_at_once()
    {
        var tenant = await deployment.TenantAsync();
        var (mine, other) = (await _client.SignInAsync(tenant.User, Deployment.Password), await _client.SignInAsync(tenant.User, Deployment.Password));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(mine));

        Assert.Equal(HttpStatusCode.NoContent, (await _client.SendAsync(HttpMethod.Delete, "/api/v1/sessions/current", mine)).Status);

        Assert.Equal(HttpStatusCode.Unauthorized, await MeAsync(mine));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(other));
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.SendAsync(HttpMethod.Delete, "/api/v1/sessions/current", mine)).Status);
    }

    [Fact]
    public async Task By_being_ended_from_the_list_within_a_second()
    {
        var tenant = await deployment.TenantAsync();
        var (mine, other) = (await _client.SignInAsync(tenant.User, Deployment.Password), await _client.SignInAsync(tenant.User, Deployment.Password));
        var stranger = await _client.SignInAsync(tenant.OtherUser, Deployment.Password);
        Assert.Equal(HttpStatusCode.OK, await MeAsync(other));

        var list = (await _client.GetAsync("/api/v1/me/sessions", mine)).Body!["items"]!.AsArray();
        Assert.Equal(2, list.Count);
        var otherId = list.Single(s => !s!["current"]!.GetValue<bool>())!["id"]!.GetValue<string>();
        Assert.Equal("127.0.0.1", list[0]!["address"]!.GetValue<string>());

        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(HttpMethod.Delete, $"/api/v1/me/sessions/{otherId}", stranger)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(HttpMethod.Delete, "/api/v1/me/sessions/x", mine)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await _client.SendAsync(HttpMethod.Delete, $"/api/v1/me/sessions/{otherId}", mine)).Status);

        await Eventually.Async(async () => await MeAsync(other) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(1.5));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(mine));
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(HttpMethod.Delete, $"/api/v1/me/sessions/{otherId}", mine)).Status);
    }

    [Fact]
    public async Task All_of_ones_other_sessions_at_once_and_nobody_elses()
    {
        var tenant = await deployment.TenantAsync();
        var mine = await _client.SignInAsync(tenant.User, Deployment.Password);
        string[] others = [await _client.SignInAsync(tenant.User, Deployment.Password), await _client.SignInAsync(tenant.User, Deployment.Password)];
        string[] strangers = [await _client.SignInAsync(tenant.OtherUser, Deployment.Password), await _client.SignInAsync(tenant.Admin, Deployment.Password)];

        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.SendAsync(HttpMethod.Delete, "/api/v1/me/sessions")).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await _client.SendAsync(HttpMethod.Delete, "/api/v1/me/sessions", mine)).Status);

        foreach (var other in others) await Eventually.Async(async () => await MeAsync(other) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(1.5));
        foreach (var stays in strangers.Append(mine)) Assert.Equal(HttpStatusCode.OK, await MeAsync(stays));
        Assert.Single((await _client.GetAsync("/api/v1/me/sessions", mine)).Body!["items"]!.AsArray());
    }

    [Theory, Trait("Rule", "ACC-7")]
    [InlineData("user")]
    [InlineData("admin")]
    public async Task By_changing_ones_own_password_but_for_the_session_that_did_it(string role)
    {
        var tenant = await deployment.TenantAsync();
        var login = role == "user" ? tenant.User : tenant.Admin;
        var mine = await _client.SignInAsync(login, Deployment.Password);
        var others = new[] { await _client.SignInAsync(login, Deployment.Password), await _client.SignInAsync(login, Deployment.Password) };
        var stranger = await _client.SignInAsync(tenant.OtherUser, Deployment.Password);

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, "/api/v1/me/password", mine, Change(Deployment.Password, NewPassword));
        var withNew = await _client.SignInAsync(login, NewPassword);

        foreach (var other in others) await Eventually.Async(async () => await MeAsync(other) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(mine));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(withNew));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(stranger));
        Assert.Equal(2, (await _client.GetAsync("/api/v1/me/sessions", mine)).Body!["items"]!.AsArray().Count);
        await Eventually.Async(async () => !(await _client.GetAsync("/api/v1/me", mine)).Body!["passwordChangeRequired"]!.GetValue<bool>(), TimeSpan.FromSeconds(5));
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task All_of_them_when_somebody_else_sets_the_password()
    {
        var tenant = await deployment.TenantAsync();
        var boss = await deployment.OperatorAsync();
        var admin = await _client.SignInAsync(tenant.Admin, Deployment.Password);
        var user = await _client.SignInAsync(tenant.User, Deployment.Password);

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, $"/api/v1/accounts/{tenant.User}/password", admin, new { @new = NewPassword });
        await Eventually.Async(async () => await MeAsync(user) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(admin));

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Put, $"/api/v1/domains/{tenant.Domain}/administrators/{tenant.Admin}/password", boss, new { @new = NewPassword });
        await Eventually.Async(async () => await MeAsync(admin) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, await MeAsync(boss));
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.TrySignInAsync(tenant.Admin, Deployment.Password)).Status);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task All_of_them_with_the_accounts_deletion_and_the_gateway_reports_it_erased()
    {
        var tenant = await deployment.TenantAsync();
        var admin = await _client.SignInAsync(tenant.Admin, Deployment.Password);
        var user = await _client.SignInAsync(tenant.User, Deployment.Password);
        var id = await deployment.AccountIdAsync(tenant.User);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/accounts/{tenant.User}", admin)).Status);

        await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Delete, $"/api/v1/accounts/{tenant.User}", admin);

        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"/api/v1/accounts/{tenant.User}", admin)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await _client.TrySignInAsync(tenant.User, Deployment.Password)).Status);
        await Eventually.Async(async () => await MeAsync(user) == HttpStatusCode.Unauthorized, TimeSpan.FromSeconds(5));
        await Eventually.Async(() => deployment.HasErasedAsync(id), TimeSpan.FromSeconds(5));
        Assert.Equal(0, await deployment.SessionsOfAsync(tenant.User));
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "OPS-6")]
    public async Task A_sign_in_that_a_deletion_overtakes_leaves_no_session()
    {
        var tenant = await deployment.TenantAsync();
        var id = await deployment.AccountIdAsync(tenant.User);
        await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Delete, $"/api/v1/accounts/{tenant.User}", await deployment.OperatorAsync());
        await Eventually.Async(() => deployment.HasErasedAsync(id), TimeSpan.FromSeconds(5));

        var now = DateTimeOffset.UtcNow;
        var session = new Session(Guid.NewGuid(), "user", tenant.User, id, [], 0, false, "192.0.2.1", now, now + Session.Lifetime);
        await deployment.Sessions.AddAsync(SessionToken.HashOf(SessionToken.Create())!.Value, session, 1, CancellationToken.None);

        Assert.Equal(0, await deployment.SessionsOfAsync(tenant.User));
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task A_dismissed_administrator_loses_the_domain_and_gets_it_back_when_appointed_again()
    {
        var (tenant, second) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var boss = await deployment.OperatorAsync();
        var admin = await _client.SignInAsync(tenant.Admin, Deployment.Password);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/accounts/{tenant.User}", admin)).Status);

        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{second.Domain}/administrators", boss, new { login = tenant.Admin });
        await Eventually.Async(async () => (await _client.GetAsync($"/api/v1/domains/{second.Domain}", admin)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/domains/{tenant.Domain}/administrators/{tenant.Admin}", boss);
        await Eventually.Async(async () => (await _client.GetAsync($"/api/v1/accounts/{tenant.User}", admin)).Status == HttpStatusCode.NotFound, TimeSpan.FromSeconds(5));
        Assert.Equal($"[\"{second.Domain}\"]", (await _client.GetAsync("/api/v1/me", admin)).Body!["domains"]!.ToJsonString());
        var list = (await _client.GetAsync("/api/v1/domains", admin)).Body!["items"]!.AsArray();
        Assert.Equal([second.Domain], list.Select(d => d!["name"]!.GetValue<string>()));

        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{tenant.Domain}/administrators", boss, new { login = tenant.Admin });
        await Eventually.Async(async () => (await _client.GetAsync($"/api/v1/accounts/{tenant.User}", admin)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));
    }

    private static JsonObject Change(string current, string @new) => new() { ["current"] = current, ["new"] = @new };

    private async Task<HttpStatusCode> MeAsync(string token) => (await _client.GetAsync("/api/v1/me", token)).Status;
}
