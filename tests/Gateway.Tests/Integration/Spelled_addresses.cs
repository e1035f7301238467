using System.Net;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Every entry of the API reads an address alike, however its domain is written. The mail node's tests have the same for its servers.</summary>
[Trait("Rule", "ACC-15")]
public sealed class Spelled_addresses(Deployment deployment)
{
    private const int Each = 8;
    private readonly Client _client = deployment.Client;

    public static TheoryData<string, string> EntriesAndDomains =>
    [
        .. from entry in new[] { "account in the path", "domain in the path", "login", "account of events", "destination", "accounts to delete" }
           from domain in new[] { "example.jp", "日本語.jp", "ガギグゲゴ.jp" }
           select (entry, domain),
    ];

    [Theory, MemberData(nameof(EntriesAndDomains))]
    public async Task An_address_is_read_in_every_spelling(string entry, string domain)
    {
        var (tenant, boss) = (await deployment.TenantAsync($"d{Guid.NewGuid():N}"[..12] + $".{domain}"), await deployment.OperatorAsync());
        var address = (string)(await _client.GetAsync($"/api/v1/accounts/{Uri.EscapeDataString(tenant.User)}", boss)).Body!["address"]!;
        Assert.True(address.All(char.IsAscii));
        foreach (var spelled in entry == "login" ? SpelledAddress.SomeWithBlanks(address, Each, seed: 20261130) : SpelledAddress.Some(address, Each, seed: 20261130))
            Assert.True(await IsReadAsync(entry, spelled, address, boss), spelled);
    }

    private async Task<bool> IsReadAsync(string entry, string spelled, string address, string boss)
    {
        var escaped = Uri.EscapeDataString(spelled);
        var its = address.Split('@')[1];
        switch (entry)
        {
            case "account in the path":
                return (string?)(await _client.GetAsync($"/api/v1/accounts/{escaped}", boss)).Body!["address"] == address;
            case "domain in the path":
                return (string?)(await _client.GetAsync($"/api/v1/domains/{Uri.EscapeDataString(spelled[(spelled.IndexOfAny(['@', '＠']) + 1)..])}", boss)).Body!["name"] == its;
            case "login":
                return (string?)(await _client.TrySignInAsync(spelled, Deployment.Password)).Body!["login"] == address;
            case "account of events":
                return (await _client.GetAsync($"/api/v1/events?account={escaped}", boss)).Status == HttpStatusCode.OK;
            case "destination": // the account's own address, to which it cannot forward
                var refused = await _client.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/forwarding-rules", boss, new { condition = "all", destinations = new[] { spelled } });
                return refused.Status == HttpStatusCode.UnprocessableEntity && refused.Code == "routing.destination-own";
            default: // with postmaster, so that none is deleted
                var conflict = await _client.SendAsync(
                    HttpMethod.Post, $"/api/v1/domains/{its}/accounts/delete", boss, new { addresses = new[] { spelled.Replace("taro", "postmaster", StringComparison.OrdinalIgnoreCase) } });
                return conflict.Status == HttpStatusCode.Conflict && conflict.Code == "accounts.postmaster-cannot-be-deleted";
        }
    }
}
