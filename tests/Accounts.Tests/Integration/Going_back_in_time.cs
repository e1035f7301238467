using System.Globalization;
using System.Net;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "OPS-3")]
public sealed class Going_back_in_time(AccountsService accounts)
{
    [Fact]
    public async Task At_each_time_of_the_history_the_settings_are_those_of_then()
    {
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain, comment: "first");
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 200, comment = "second" });
        await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "abuse" });
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { comment = "" });
        var times = (await accounts.GetAsync($"/api/v1/accounts/{address}/history")).Body!["items"]!.AsArray().Reverse()
            .Select(i => i!["at"]!.GetValue<DateTimeOffset>()).Distinct().ToList();

        Assert.Equal(4, times.Count);
        var then = new List<(string?, int, bool)>();
        foreach (var time in times)
        {
            var reply = await AtAsync(address, time.ToString("O", CultureInfo.InvariantCulture));
            Assert.Equal((HttpStatusCode.OK, (string?)null), (reply.Status, reply.ETag));
            Assert.Equal((address, domain, times[0]), (reply.Body!["address"]!.GetValue<string>(), reply.Body["domain"]!.GetValue<string>(), reply.Body["createdAt"]!.GetValue<DateTimeOffset>()));
            foreach (var measured in new[] { "usedMb", "inForce", "warnings" }) Assert.Null(reply.Body[measured]);
            then.Add((reply.Body["comment"]?.GetValue<string>(), reply.Body["capacityMb"]!.GetValue<int>(), reply.Body["passwordForciblyChanged"]!.GetValue<bool>()));
        }

        Assert.Equal([("first", 100, false), ("second", 200, false), ("second", 200, true), (null, 200, true)], then);
        Assert.Equal(200, (await AtAsync(address, "2999-01-01T00:00:00Z")).Body!["capacityMb"]!.GetValue<int>());
        Assert.Equal(HttpStatusCode.NotFound, (await AtAsync(address, times[0].AddTicks(-1).ToString("O", CultureInfo.InvariantCulture))).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await AtAsync(address, "1999-01-01T00:00:00+09:00")).Status);
    }

    [Theory]
    [InlineData("")]
    [InlineData("yesterday")]
    [InlineData("2026-11-24")]
    [InlineData("2026-11-24T00:00:00")]
    [InlineData("2026-13-24T00:00:00Z")]
    [InlineData("%00")]
    public async Task A_time_that_cannot_be_read_is_named(string at)
    {
        var domain = await accounts.DomainAsync();
        foreach (var path in new[] { $"/api/v1/accounts/postmaster@{domain}", $"/api/v1/domains/{domain}" })
        {
            var reply = await accounts.GetAsync($"{path}?at={at}");
            Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (reply.Status, reply.Codes.Single()));
            Assert.Equal("at", reply.Body!["errors"]![0]!["field"]!.GetValue<string>());
        }
    }

    [Fact, Trait("Rule", "ACC-3"), Trait("Rule", "ROLE-2")]
    public async Task A_user_learns_of_no_comment_of_the_past_either_and_nobody_of_anothers_account()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var address = await accounts.AccountAsync(domain, comment: "note");
        var path = $"/api/v1/accounts/{address}?at=2999-01-01T00:00:00Z";
        var own = await accounts.GetAsync(path, await accounts.UserAsync(address));
        Assert.Equal((HttpStatusCode.OK, 100), (own.Status, own.Body!["capacityMb"]!.GetValue<int>()));
        Assert.DoesNotContain("comment", own.Text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await accounts.GetAsync(path, AccountsService.Admin(others))).Status);
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task A_domain_tells_its_limits_of_then()
    {
        var domain = await accounts.DomainAsync(maxAccounts: 5);
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxAccounts = 7 });
        var times = (await accounts.GetAsync($"/api/v1/domains/{domain}/history")).Body!["items"]!.AsArray().Select(i => i!["at"]!.GetValue<DateTimeOffset>()).ToList();
        var then = await accounts.GetAsync($"/api/v1/domains/{domain}?at={Uri.EscapeDataString(times[1].ToString("O", CultureInfo.InvariantCulture))}", AccountsService.Admin(domain));
        Assert.Equal((5, null), (then.Body!["maxAccounts"]!.GetValue<int>(), then.Body["accounts"]));
        Assert.Equal(7, (await accounts.GetAsync($"/api/v1/domains/{domain}?at={Uri.EscapeDataString(times[0].ToString("O", CultureInfo.InvariantCulture))}")).Body!["maxAccounts"]!.GetValue<int>());
    }

    private Task<Reply> AtAsync(string address, string at) => accounts.GetAsync($"/api/v1/accounts/{address}?at={Uri.EscapeDataString(at)}");
}
