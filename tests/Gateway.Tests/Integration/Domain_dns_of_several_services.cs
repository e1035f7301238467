using System.Net;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Tests.Specs;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

[Trait("Rule", "SPM-5")]
public sealed class Domain_dns_of_several_services(Deployment deployment)
{
    private const string Path = "/api/v1/domains/example.jp/dns";

    [Fact]
    public async Task A_domains_DNS_shows_what_is_expected_and_what_was_found()
    {
        var tenant = await deployment.TenantAsync();
        var token = await deployment.Client.SignInAsync(tenant.Admin, Deployment.Password);
        var dns = await Eventually.Async(() => deployment.Client.GetAsync($"/api/v1/domains/{tenant.Domain}/dns", token), r => (bool?)r.Body?["standing"]?["inForce"] == true);
        Assert.Equal(("TXT", true, true), ((string)dns.Body!["dkim"]!["expected"]![0]!["type"]!, (bool)dns.Body["mx"]!["ok"]!, (bool)dns.Body["standing"]!["assumed"]!));
        Assert.Null(dns.Body["unavailable"]);
        var missing = await deployment.Client.GetAsync("/api/v1/domains/missing.example.jp/dns", await deployment.OperatorAsync());
        Assert.Equal((HttpStatusCode.NotFound, "request.not-found"), (missing.Status, missing.Code));
    }

    [Fact, Trait("Rule", "OPS-3")]
    public async Task A_domains_history_has_the_changes_of_both_services()
    {
        var tenant = await deployment.TenantAsync();
        var boss = await deployment.OperatorAsync();
        await Eventually.Async(async () => (await deployment.Client.GetAsync($"/api/v1/domains/{tenant.Domain}/dns", boss)).Body?["standing"]?["inForce"]?.GetValue<bool>() == true);
        await deployment.Client.MustAsync(HttpStatusCode.OK, HttpMethod.Put, $"/api/v1/domains/{tenant.Domain}/dns/override", boss, new { reason = "moves" });
        var items = (await deployment.Client.GetAsync($"/api/v1/domains/{tenant.Domain}/history", boss)).Body!["items"]!.AsArray().Select(i => (string)i!["type"]!).ToList();
        Assert.Equal("spam.domain-dns-overridden", items[0]);
        Assert.Subset(items.ToHashSet(), new HashSet<string> { "accounts.domain-added", "spam.domain-dns-checked" });
    }

    [Fact]
    public async Task Objects_of_one_name_are_put_together_with_the_ETag_of_the_standing()
    {
        await using var accounts = await StandInService.StartAsync(http => http.Response.WriteAsJsonAsync(new { dkim = new { expected = new[] { "x" } } }));
        await using var spam = await StandInService.StartAsync(http =>
        {
            http.Response.Headers.ETag = "\"3\"";
            return http.Response.WriteAsJsonAsync(new { inForce = true, dkim = new { ok = false } });
        });
        using var client = await ClientAsync(accounts, spam);
        var reply = await client.GetAsync(Path, await client.SignInAsync("operator", "x"));
        Assert.Equal(("""{"dkim":{"expected":["x"],"ok":false},"inForce":true}""", "\"3\""), (reply.Text, reply["ETag"]));
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task A_service_that_is_down_is_named_and_a_refusal_is_the_answer()
    {
        var isThere = true;
        await using var accounts = await StandInService.StartAsync(http => isThere ? http.Response.WriteAsJsonAsync(new { dkim = new { } }) : Problems.Of(PlatformProblems.NotFound).ExecuteAsync(http));
        await using var spam = await StandInService.StartAsync(http =>
        {
            http.Response.StatusCode = StatusCodes.Status500InternalServerError;
            return Task.CompletedTask;
        });
        using var client = await ClientAsync(accounts, spam);
        var token = await client.SignInAsync("operator", "x");
        Assert.Equal("""{"dkim":{},"unavailable":["spam"]}""", (await client.GetAsync(Path, token)).Text);
        isThere = false;
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(Path, token)).Status);
    }

    private async Task<Client> ClientAsync(StandInService accounts, StandInService spam)
        => new((await deployment.NewGatewayAsync(accounts.Address, [(new OneService("spam", Shares.DomainDns), spam.Address)], "--Hikyaku:ShareTimeoutSeconds=20")).Urls.First());
}
