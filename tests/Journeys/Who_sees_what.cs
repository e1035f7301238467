namespace Hikyaku.Journeys;

public sealed class Who_sees_what(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "ROLE-1"), Trait("Rule", "ROLE-2")]
    public async Task Operator_administrator_user_stranger_and_nobody_see_what_their_role_allows()
    {
        var (domain, others) = (await platform.DomainAsync(), await platform.DomainAsync());
        var (account, neighbour) = (await platform.AccountAsync(domain), await platform.AccountAsync(domain, "hanako"));
        using var admin = await AdminAsync(domain);
        using var stranger = await AdminAsync(others);
        using var user = await platform.SignInAsync(account, PlatformUnderTest.Password);
        using var nobody = platform.Anonymous();

        await ExpectAsync(platform.Operator, account, read: 200, change: 200, list: 200, domain);
        await ExpectAsync(admin, account, read: 200, change: 200, list: 200, domain);
        await ExpectAsync(stranger, account, read: 404, change: 404, list: 404, domain);
        await ExpectAsync(user, account, read: 200, change: 403, list: 404, domain);
        await ExpectAsync(user, neighbour, read: 404, change: 404, list: 404, domain);
        await ExpectAsync(nobody, account, read: 401, change: 401, list: 401, domain);

        // What does not exist looks the same as what is not one's own.
        var missing = await user.GetAsync($"/api/v1/accounts/missing@{domain}");
        var notMine = await user.GetAsync($"/api/v1/accounts/{neighbour}");
        Assert.Equal((missing.Status, missing.Text), (notMine.Status, notMine.Text));
    }

    [Fact, Trait("Rule", "ACC-3"), Trait("Rule", "ROLE-3")]
    public async Task A_user_reads_the_own_history_and_never_the_comment()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain);
        using var admin = await AdminAsync(domain);
        Assert.Equal(200, (await admin.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{account}", new { capacityMb = 200, comment = "planted note" })).Status);
        using var user = await platform.SignInAsync(account, PlatformUnderTest.Password);
        var history = await user.GetAsync($"/api/v1/accounts/{account}/history");
        Assert.Equal("admin", history.Body!["items"]![0]!["by"]!["role"]!.GetValue<string>());
        Assert.Equal("127.0.0.1", history.Body["items"]![0]!["by"]!["address"]!.GetValue<string>());
        foreach (var path in new[] { $"/api/v1/accounts/{account}/history", $"/api/v1/accounts/{account}" })
            Assert.DoesNotContain("planted", (await user.GetAsync(path)).Text, StringComparison.Ordinal);
        Assert.Contains("planted", (await admin.GetAsync($"/api/v1/accounts/{account}/history")).Text, StringComparison.Ordinal);
    }

    private async Task<Client> AdminAsync(string domain)
    {
        var login = $"adm{Guid.NewGuid():N}"[..20];
        var made = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = PlatformUnderTest.Password });
        Assert.Equal(201, made.Status);
        return await platform.SignInAsync(login, PlatformUnderTest.Password);
    }

    private static async Task ExpectAsync(Client client, string account, int read, int change, int list, string domain)
    {
        Assert.Equal(read, (await client.GetAsync($"/api/v1/accounts/{account}")).Status);
        Assert.Equal(change, (await client.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{account}", new { capacityMb = 100 })).Status);
        Assert.Equal(list, (await client.GetAsync($"/api/v1/domains/{domain}/accounts")).Status);
    }
}
