using System.Net;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Spam.Domains;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Deleting a domain, as its administrators and their programs meet it.</summary>
[Trait("Rule", "ROLE-2")]
public sealed class Domains_that_go(Deployment deployment)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);
    private readonly Client _client = deployment.Client;

    [Fact, Trait("Rule", "SPM-5"), Trait("Rule", "RST-5")]
    public async Task Services_forget_what_operators_set_for_a_deleted_domain()
    {
        var name = $"d{Guid.NewGuid():N}.example.jp";
        var boss = await deployment.OperatorAsync();
        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/domains", boss, new { name, maxAccounts = 5, maxCapacityMb = 500, defaultCapacityMb = 10 });
        await Eventually.Async(async () => (await _client.SendAsync(HttpMethod.Put, $"/api/v1/domains/{name}/dns/override", boss, new { reason = "moving" })).Status == HttpStatusCode.OK, Soon);
        var threshold = (await Eventually.Async(() => _client.GetAsync($"/api/v1/domains/{name}/restriction-policy", boss), r => r.Status == HttpStatusCode.OK, Soon))
            .Body!["values"]!.AsObject().First();
        await _client.MustAsync(
            HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/domains/{name}/restriction-policy", boss,
            new { values = new Dictionary<string, int> { [threshold.Key] = threshold.Value!.GetValue<int>() }, reason = "known sender" });
        Assert.NotEmpty((await PolicyAsync(name))!.Values);
        await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/domains/{name}", boss, new { requireSecondFactor = true });
        await Eventually.Async(async () => await deployment.RequiresSecondFactorAsync(name) == true, Soon);

        await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Delete, $"/api/v1/domains/{name}", boss);

        await Eventually.Async(async () => await deployment.RequiresSecondFactorAsync(name) == false, Soon);
        await Eventually.Async(async () => (await StandingAsync(name))!.Override is null, Soon);
        await Eventually.Async(async () => (await PolicyAsync(name))!.Values.IsEmpty, Soon);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"/api/v1/domains/{name}/restriction-policy", boss)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await _client.SendAsync(HttpMethod.Put, $"/api/v1/domains/{name}/dns/override", boss, new { reason = "moving" })).Status);
    }

    private async Task<DomainStanding?> StandingAsync(string domain)
    {
        await using var session = deployment.SpamStore.QuerySession();
        return await session.LoadAsync<DomainStanding>(DomainStanding.KeyOf(domain));
    }

    private async Task<RestrictionPolicy?> PolicyAsync(string domain)
    {
        await using var session = deployment.RestrictionsStore.QuerySession();
        return await session.LoadAsync<RestrictionPolicy>(RestrictionPolicy.KeyOf(domain));
    }

    [Fact, Trait("Rule", "GWY-2")]
    public async Task Administrators_and_their_tokens_lose_a_deleted_domain_and_no_other()
    {
        var (going, staying) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var boss = await deployment.OperatorAsync();
        await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{staying.Domain}/administrators", boss, new { login = going.Admin });
        var admin = await _client.SignInAsync(going.Admin, Deployment.Password);
        var token = (await _client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/tokens", admin, new { name = "x", scopes = new[] { "domains:read" } })).Body!["token"]!.GetValue<string>();
        Assert.Equal("domains.has-accounts", (await _client.SendAsync(HttpMethod.Delete, $"/api/v1/domains/{going.Domain}", boss)).Code);
        Assert.Equal(HttpStatusCode.Forbidden, (await _client.SendAsync(HttpMethod.Delete, $"/api/v1/domains/{going.Domain}", admin)).Status);
        await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Post, $"/api/v1/domains/{going.Domain}/accounts/delete", boss, new { addresses = new[] { going.User, going.OtherUser } });

        await _client.MustAsync(HttpStatusCode.Accepted, HttpMethod.Delete, $"/api/v1/domains/{going.Domain}", boss);

        Assert.Equal(HttpStatusCode.NotFound, (await _client.GetAsync($"/api/v1/domains/{going.Domain}", boss)).Status);
        await Eventually.Async(async () => (await _client.GetAsync("/api/v1/me", admin)).Body!["domains"]!.ToJsonString() == $"[\"{staying.Domain}\"]", Soon);
        await Eventually.Async(async () => (await _client.GetAsync("/api/v1/me", token)).Body!["domains"]!.ToJsonString() == $"[\"{staying.Domain}\"]", Soon);
        Assert.Equal(HttpStatusCode.OK, (await _client.GetAsync($"/api/v1/domains/{staying.Domain}", token)).Status);
    }
}
