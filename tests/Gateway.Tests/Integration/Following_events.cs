using System.Net;
using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>The feed behind the gateway, told by the real accounts service.</summary>
[Trait("Rule", "OPS-2")]
public sealed class Following_events(Deployment deployment)
{
    private readonly Client _client = deployment.Client;

    [Fact, Trait("Rule", "ROLE-2"), Trait("Rule", "SEC-4")]
    public async Task Events_of_the_own_domains_arrive_through_the_gateway_without_a_secret()
    {
        var (own, others) = (await deployment.TenantAsync(), await deployment.TenantAsync());
        var admin = await _client.SignInAsync(own.Admin, Deployment.Password);
        var boss = await deployment.OperatorAsync();
        await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{others.User}", boss, new { capacityMb = 7 });
        await _client.MustAsync(HttpStatusCode.OK, HttpMethod.Patch, $"/api/v1/accounts/{own.User}", boss, new { comment = "planted note", password = "Planted-98yz" });

        var seen = await FollowAsync("/api/v1/events?after=0&type=accounts.mail-account-created,accounts.mail-account-comment-changed,accounts.mail-account-password-changed", admin, 5);
        Assert.Equal(3, seen.Count(e => e["type"]!.GetValue<string>() == "accounts.mail-account-created")); // postmaster, taro, hanako
        Assert.All(seen, e => Assert.EndsWith("@" + own.Domain, e["subject"]!.GetValue<string>(), StringComparison.Ordinal));
        foreach (var secret in new[] { "planted", Deployment.Password, "argon2" })
            Assert.DoesNotContain(secret, string.Concat(seen.Select(e => e.ToJsonString())), StringComparison.OrdinalIgnoreCase);

        var theirs = await FollowAsync($"/api/v1/events?after=0&account={others.User}", boss, 2);
        Assert.Equal(["accounts.mail-account-created", "accounts.mail-account-capacity-changed"], theirs.Select(e => e["type"]!.GetValue<string>()));
    }

    [Fact, Trait("Rule", "GWY-3")]
    public async Task Filters_that_cannot_be_read_are_named_in_the_readers_language()
    {
        var reply = await _client.GetAsync("/api/v1/events?after=x&type=y", await deployment.OperatorAsync(), ("Accept-Language", "ja"));

        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (reply.Status, reply.Code));
        Assert.Equal(["after", "type"], reply.Body!["errors"]!.AsArray().Select(e => e!["field"]!.GetValue<string>()));
    }

    private async Task<List<JsonNode>> FollowAsync(string path, string token, int count)
    {
        using var http = new HttpClient();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_client.Address, path));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var events = new List<JsonNode>();
        await foreach (var e in SseParser.Create(await response.Content.ReadAsStreamAsync(limit.Token)).EnumerateAsync(limit.Token))
        {
            events.Add(JsonNode.Parse(e.Data)!);
            if (events.Count == count) break;
        }

        return events;
    }
}
