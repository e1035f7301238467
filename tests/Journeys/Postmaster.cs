using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;
using MailKit.Security;

namespace Hikyaku.Journeys;

/// <summary>Postmaster of a domain (ACC-4), and of the mail host itself (RFC 5321, 4.5.1).</summary>
public sealed partial class Postmaster(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "ACC-4"), Trait("Rule", "ACC-13")]
    public async Task Every_domain_has_one_that_counts_gets_mail_and_cannot_be_deleted()
    {
        var domain = await platform.DomainAsync(maxAccounts: 2);
        var postmaster = $"postmaster@{domain}";
        Assert.Equal(200, (await platform.Operator.GetAsync($"/api/v1/accounts/{postmaster}")).Status);
        await platform.InForceAsync(postmaster);
        await platform.AccountAsync(domain);
        var third = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "hanako", password = PlatformUnderTest.Password });
        Assert.Equal((422, "accounts.domain-accounts-exceeded"), (third.Status, third.Code));

        // Nobody logs in before it has a password, with whatever is typed.
        await platform.DeliverAsync($"Postmaster@{domain}", "from the start");
        foreach (var password in new[] { "", "postmaster", PlatformUnderTest.Password })
            await Assert.ThrowsAsync<AuthenticationException>(() => platform.ImapAsync(postmaster, password: password));
        Assert.Equal(409, await DeletedAsync(HttpMethod.Delete, $"/api/v1/accounts/{postmaster}", null));
        Assert.Equal(409, await DeletedAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts/delete", new { addresses = new[] { $"taro@{domain}", postmaster } }));
        Assert.Equal(200, (await platform.Operator.GetAsync($"/api/v1/accounts/taro@{domain}")).Status);

        Assert.Equal(204, (await platform.Operator.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{postmaster}/password", new { @new = PlatformUnderTest.Password })).Status);
        await platform.InForceAsync(postmaster);
        await platform.ArrivesAsync(postmaster, "from the start");
        await platform.SubmitAsync(postmaster, $"taro@{domain}", "an address like others");
        await platform.ArrivesAsync($"taro@{domain}", "an address like others");
        Assert.Equal(409, await DeletedAsync(HttpMethod.Delete, $"/api/v1/accounts/{postmaster}", null));
    }

    [Fact, Trait("Rule", "NOD-4")]
    public async Task Mail_to_the_hosts_postmaster_and_abuse_reaches_the_operator()
    {
        string reader = "operator@hikyaku.example", mark = $"m{Guid.NewGuid():N}"[..10];
        foreach (var name in new[] { "postmaster", "Postmaster", "postmaster@[127.0.0.1]", "abuse@[127.0.0.1]" }) await platform.DeliverAsync(name, $"{mark} to {name}");
        await Eventually.Async(() => platform.OutboxAsync(reader), all => all.Count(m => Subject().Match(m).Value.Contains(mark, StringComparison.Ordinal)) == 4);
    }

    private async Task<int> DeletedAsync(HttpMethod method, string path, object? body)
    {
        var reply = await platform.Operator.SendAsync(method, path, body);
        Assert.Equal("accounts.postmaster-cannot-be-deleted", reply.Code);
        return reply.Status;
    }

    [GeneratedRegex("(?m)^Subject: .*")]
    private static partial Regex Subject();
}
