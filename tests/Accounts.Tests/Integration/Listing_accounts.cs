using System.Net;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using MassTransit;

namespace Hikyaku.Accounts.Tests.Integration;

public sealed class Listing_accounts(AccountsService accounts)
{
    [Theory, Trait("Rule", "GWY-4")]
    [InlineData("sort=address&order=asc")]
    [InlineData("sort=address&order=desc")]
    [InlineData("sort=createdAt&order=desc")]
    [InlineData("sort=usedMb&order=asc")]
    public async Task Pages_forward_and_back_name_everything_once_in_order(string order)
    {
        var domain = await accounts.DomainAsync();
        for (var i = 0; i < 10; i++) await accounts.AccountAsync(domain, $"user{i:00}");
        var whole = Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?{order}"));
        Assert.Equal(11, whole.Count);

        var forward = new List<string>();
        var pages = new List<Reply>();
        for (string? cursor = null; pages.Count == 0 || cursor is not null;)
        {
            pages.Add(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?{order}&limit=4{(cursor is null ? "" : $"&cursor={cursor}")}"));
            forward.AddRange(Addresses(pages[^1]));
            cursor = pages[^1].Body!["next"]?.GetValue<string>();
        }

        Assert.Equal(whole, forward);
        Assert.Null(pages[0].Body!["prev"]);
        var back = await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?{order}&limit=4&cursor={pages[2].Body!["prev"]!.GetValue<string>()}");
        Assert.Equal(Addresses(pages[1]), Addresses(back));
    }

    [Fact, Trait("Rule", "PNL-4")]
    public async Task A_search_finds_parts_of_addresses_and_comments_and_has_no_wildcards()
    {
        var domain = await accounts.DomainAsync();
        await accounts.AccountAsync(domain, "taro_y", comment: "営業部 100%");
        await accounts.AccountAsync(domain, "tarozy", comment: "総務部");
        Assert.Equal([$"taro_y@{domain}"], Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query=TARO_")));
        Assert.Equal([$"taro_y@{domain}"], Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query=100%25")));
        Assert.Equal([$"tarozy@{domain}"], Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query={Uri.EscapeDataString("総務")}")));
        Assert.Empty(Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query=%27;drop")));
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/tarozy@{domain}", new { comment = "Sales ＡＢＣ" });
        Assert.Empty(Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query={Uri.EscapeDataString("総務")}")));
        Assert.Equal([$"tarozy@{domain}"], Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query=sALES")));
        Assert.Empty(Addresses(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?query=%00nul")));
    }

    [Theory, Trait("Rule", "GWY-3")]
    [InlineData("limit=0")]
    [InlineData("limit=501")]
    [InlineData("limit=ten")]
    [InlineData("sort=password")]
    [InlineData("order=up")]
    [InlineData("cursor=nonsense")]
    [InlineData("cursor=eyJWYWx1ZSI6Int9IiwiS2V5IjoieCIsIkJhY2siOmZhbHNlfQ&sort=usedMb")]
    [InlineData("cursor=eyJWYWx1ZSI6IjEwOjMwIiwiS2V5IjoieCIsIkJhY2siOmZhbHNlfQ&sort=createdAt")]
    public async Task A_parameter_that_cannot_be_read_is_named(string query)
    {
        var reply = await accounts.GetAsync($"/api/v1/domains/{await accounts.DomainAsync()}/accounts?{query}");
        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (reply.Status, reply.Codes.Single()));
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task The_newest_measured_usage_shows_and_leaves_the_version_alone()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        var id = (await accounts.TargetAsync(address))!.AccountId;
        var now = DateTimeOffset.UtcNow;
        var bus = accounts.Get<IBus>();
        await bus.Publish(new MailboxUsageMeasured("mail1", now, [new(id, 5 * 1_048_576 + 1)]));
        await Eventually.Async(() => accounts.GetAsync($"/api/v1/accounts/{address}"), r => r.Body!["usedMb"]!.GetValue<int>() == 6);
        await bus.Publish(new MailboxUsageMeasured("mail1", now.AddSeconds(-5), [new(id, 1)]));
        await bus.Publish(new MailboxUsageMeasured("mail1", now.AddSeconds(5), [new(id, 9 * 1_048_576)]));
        var read = await Eventually.Async(() => accounts.GetAsync($"/api/v1/accounts/{address}"), r => r.Body!["usedMb"]!.GetValue<int>() != 6);
        Assert.Equal((9, "\"1\""), (read.Body!["usedMb"]!.GetValue<int>(), read.ETag));
    }

    private static List<string> Addresses(Reply reply) => [.. reply.Body!["items"]!.AsArray().Select(i => i!["address"]!.GetValue<string>())];
}
