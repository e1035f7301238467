using System.Net;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "GWY-2")]
public sealed class Second_factor_of_domains(Deployment deployment)
{
    private const string EnrolmentRequired = "sessions.second-factor-enrolment-required";
    private readonly Client _client = deployment.Client;

    [Fact]
    public async Task Required_while_sessions_are_open_they_can_only_set_one_up()
    {
        var tenant = await deployment.TenantAsync();
        var (boss, user) = (await deployment.OperatorAsync(), await _client.SignInAsync(tenant.User, Deployment.Password));
        var admin = await _client.SignInAsync(tenant.Admin, Deployment.Password);
        Assert.Equal(HttpStatusCode.OK, (await AccountAsync(tenant, admin)).Status);
        var made = await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", admin, new { name = "billing", scopes = new[] { "accounts:read" } });
        var token = made.Body!["token"]!.GetValue<string>();
        Assert.Equal(HttpStatusCode.OK, (await AccountAsync(tenant, token)).Status);

        await RequireAsync(tenant.Domain, true, boss);

        await Eventually.Async(async () => (await AccountAsync(tenant, token)).Code == EnrolmentRequired, TimeSpan.FromSeconds(5));
        var refused = await Eventually.Async(() => AccountAsync(tenant, admin), r => r.Status != HttpStatusCode.OK, TimeSpan.FromSeconds(5));
        Assert.Equal((HttpStatusCode.Forbidden, EnrolmentRequired), (refused.Status, refused.Code));
        foreach (var path in new[] { "/api/v1/domains", "/api/v1/notices", "/api/v1/me/sessions", "/api/v1/jobs", "/api/v1/domains/nowhere.example" })
            Assert.Equal(EnrolmentRequired, (await _client.GetAsync(path, admin)).Code);
        Assert.Equal(EnrolmentRequired, (await _client.SendAsync(HttpMethod.Put, "/api/v1/me/password", admin, new { current = Deployment.Password, @new = "Kaze-tachinu-34" })).Code);
        Assert.True((await _client.GetAsync("/api/v1/me", admin)).Body!["secondFactorEnrolmentRequired"]!.GetValue<bool>());
        Assert.Equal([tenant.Domain], (await _client.GetAsync(SecondFactors.Own, admin)).Body!["requiredBy"]!.AsArray().Select(d => d!.GetValue<string>()));
        foreach (var other in new[] { boss, user }) Assert.Equal(HttpStatusCode.OK, (await AccountAsync(tenant, other)).Status);

        await _client.EnrolAsync(admin);

        await Eventually.Async(async () => (await AccountAsync(tenant, admin)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));
        Assert.False((await _client.GetAsync("/api/v1/me", admin)).Body!["secondFactorEnrolmentRequired"]!.GetValue<bool>());
        await Eventually.Async(async () => (await AccountAsync(tenant, token)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_sign_in_answers_that_it_is_to_be_set_up()
    {
        var tenant = await deployment.TenantAsync();
        var boss = await deployment.OperatorAsync();
        await RequireAsync(tenant.Domain, true, boss);

        var signedIn = await _client.TrySignInAsync(tenant.Admin, Deployment.Password);
        Assert.True(signedIn.Body!["secondFactorEnrolmentRequired"]!.GetValue<bool>());
        var admin = signedIn.Body["token"]!.GetValue<string>();
        Assert.Equal(EnrolmentRequired, (await AccountAsync(tenant, admin)).Code);

        var (_, recovery) = await _client.EnrolAsync(admin);
        var again = await _client.TrySignInAsync(tenant.Admin, Deployment.Password, recovery[0]);
        Assert.False(again.Body!["secondFactorEnrolmentRequired"]!.GetValue<bool>());
        Assert.Equal(HttpStatusCode.OK, (await AccountAsync(tenant, (string)again.Body["token"]!)).Status);

        await Eventually.Async(async () => (await AccountAsync(tenant, admin)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));

        // Who turns it off has to set it up again before anything else.
        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, SecondFactors.Own, admin, new { password = Deployment.Password, code = recovery[1] });
        await Eventually.Async(async () => (await AccountAsync(tenant, admin)).Code == EnrolmentRequired, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task No_longer_required_everything_is_allowed_again()
    {
        var tenant = await deployment.TenantAsync();
        var boss = await deployment.OperatorAsync();
        await RequireAsync(tenant.Domain, true, boss);
        var admin = await _client.SignInAsync(tenant.Admin, Deployment.Password);
        Assert.Equal(EnrolmentRequired, (await AccountAsync(tenant, admin)).Code);

        await RequireAsync(tenant.Domain, false, boss);

        await Eventually.Async(async () => (await AccountAsync(tenant, admin)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task An_appointment_to_a_domain_that_requires_one_counts_too_and_its_end()
    {
        var (tenant, strict) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var boss = await deployment.OperatorAsync();
        await RequireAsync(strict.Domain, true, boss);
        var admin = await _client.SignInAsync(tenant.Admin, Deployment.Password);
        Assert.Equal(HttpStatusCode.OK, (await AccountAsync(tenant, admin)).Status);

        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{strict.Domain}/administrators", boss, new { login = tenant.Admin });
        await Eventually.Async(async () => (await AccountAsync(tenant, admin)).Code == EnrolmentRequired, TimeSpan.FromSeconds(5));

        await _client.MustAsync(HttpStatusCode.NoContent, HttpMethod.Delete, $"/api/v1/domains/{strict.Domain}/administrators/{tenant.Admin}", boss);
        await Eventually.Async(async () => (await AccountAsync(tenant, admin)).Status == HttpStatusCode.OK, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_stream_of_events_ends_when_it_is_required()
    {
        var tenant = await deployment.TenantAsync();
        var admin = await _client.SignInAsync(tenant.Admin, Deployment.Password);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_client.Address, "/api/v1/events"));
        request.Headers.Authorization = new("Bearer", admin);
        using var stream = await _client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, stream.StatusCode);
        var read = stream.Content.ReadAsStringAsync();

        await RequireAsync(tenant.Domain, true, await deployment.OperatorAsync());

        await Eventually.Async(() => read.IsCompleted, TimeSpan.FromSeconds(15));
    }

    private Task<Reply> AccountAsync(Tenant tenant, string token) => _client.GetAsync($"/api/v1/accounts/{tenant.User}", token);

    private async Task RequireAsync(string domain, bool required, string boss)
    {
        var changed = await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/domains/{domain}", boss, new { requireSecondFactor = required });
        Assert.Equal(required, changed.Body!["requireSecondFactor"]!.GetValue<bool>());
    }
}
