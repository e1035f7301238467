using System.Text.Json.Nodes;

namespace Hikyaku.Journeys;

public sealed class Following_events(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "OPS-2"), Trait("Rule", "OPS-6"), Trait("Rule", "ROLE-2")]
    public async Task An_operator_follows_and_resumes_events_an_administrator_sees_the_own_domain()
    {
        var (domain, others) = (await platform.DomainAsync(), await platform.DomainAsync());
        using var admin = await AdminAsync(domain);
        using var stranger = await AdminAsync(others);
        var following = platform.Operator.FollowAsync($"/api/v1/events?after=0&domain={domain}", 8);

        var account = await platform.AccountAsync(domain);
        Assert.Equal(200, (await platform.Operator.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{account}", new { capacityMb = 123, comment = "planted note" })).Status);
        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/password", new { @new = "Betsu-no-98yz" })).Status);

        var seen = (await following).ConvertAll(e => JsonNode.Parse(e.Data)!);
        Assert.Equal(
            new[]
            {
                "accounts.domain-added", "accounts.domain-administrator-appointed", "accounts.mail-account-capacity-changed", "accounts.mail-account-comment-changed",
                "accounts.mail-account-created", "accounts.mail-account-created", "accounts.mail-account-password-changed", "spam.domain-dns-checked", // postmaster is of the domain's own stream
            },
            seen.Select(e => e["type"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        var created = seen.Single(e => e["subject"]!.GetValue<string>() == account && e["type"]!.GetValue<string>() == "accounts.mail-account-created");
        Assert.Equal("operator", created["data"]!["by"]!["login"]!.GetValue<string>());

        var resumed = await platform.Operator.FollowAsync($"/api/v1/events?account={account}", 3, created["position"]!.GetValue<string>());
        Assert.Equal(
            ["accounts.mail-account-capacity-changed", "accounts.mail-account-comment-changed", "accounts.mail-account-password-changed"],
            resumed.Select(e => JsonNode.Parse(e.Data)!["type"]!.GetValue<string>()));
        var everything = string.Concat(resumed.Select(e => e.Data)) + string.Concat(seen.Select(e => e.ToJsonString()));
        foreach (var secret in new[] { PlatformUnderTest.Password, "Betsu-no-98yz", "planted", "argon2" })
            Assert.DoesNotContain(secret, everything, StringComparison.OrdinalIgnoreCase);

        Assert.NotEmpty(await admin.FollowAsync("/api/v1/events?after=0", 1));
        var theirs = await stranger.FollowAsync("/api/v1/events?after=0", 1000, within: TimeSpan.FromSeconds(5));
        Assert.NotEmpty(theirs);
        Assert.DoesNotContain(theirs, e => e.Data.Contains(domain, StringComparison.Ordinal));
        using var user = await platform.SignInAsync(account, "Betsu-no-98yz");
        Assert.Equal(403, (await user.GetAsync("/api/v1/events")).Status);

        var deleted = await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}");
        await platform.JobAsync(deleted, "succeeded");
        var rest = await platform.Operator.FollowAsync($"/api/v1/events?after=0&domain={domain}", 10);
        Assert.Equal(10, rest.Count);
        Assert.DoesNotContain(rest, e => e.Data.Contains(account, StringComparison.Ordinal));
    }

    private async Task<Client> AdminAsync(string domain)
    {
        var login = $"adm{Guid.NewGuid():N}"[..20];
        Assert.Equal(201, (await platform.Operator.SendAsync(
            HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = PlatformUnderTest.Password })).Status);
        return await platform.SignInAsync(login, PlatformUnderTest.Password);
    }
}
