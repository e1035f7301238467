using System.Net;

namespace Hikyaku.Accounts.Tests.Integration;

public sealed class Opening_accounts(AccountsService accounts)
{
    [Fact, Trait("Rule", "ACC-3")]
    public async Task An_account_is_created_read_and_listed()
    {
        var domain = await accounts.DomainAsync();
        var created = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts",
            new { name = "Taro.Y", password = AccountsService.GoodPassword, capacityMb = 512, comment = "営業部" });

        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.Equal($"/api/v1/accounts/taro.y@{domain}", created.Location);
        Assert.Equal("\"1\"", created.ETag);
        Assert.False(created.Body!["inForce"]!.GetValue<bool>());

        var read = await accounts.GetAsync(created.Location!);
        Assert.Equal(HttpStatusCode.OK, read.Status);
        Assert.Equal("\"1\"", read.ETag);
        Assert.Equal($"taro.y@{domain}", read.Body!["address"]!.GetValue<string>());
        Assert.Equal("taro.y", read.Body["name"]!.GetValue<string>());
        Assert.Equal(domain, read.Body["domain"]!.GetValue<string>());
        Assert.Equal(512, read.Body["capacityMb"]!.GetValue<int>());
        Assert.Equal("営業部", read.Body["comment"]!.GetValue<string>());
        Assert.Equal(0, read.Body["usedMb"]!.GetValue<int>());

        var list = await accounts.GetAsync($"/api/v1/domains/{domain}/accounts");
        Assert.Equal([$"postmaster@{domain}", $"taro.y@{domain}"], list.Body!["items"]!.AsArray().Select(i => i!["address"]!.GetValue<string>()));
    }

    [Fact, Trait("Rule", "ACC-4")]
    public async Task Postmaster_exists_from_the_start_and_logs_in_once_it_has_a_password()
    {
        var domain = await accounts.DomainAsync(maxAccounts: 2, maxCapacityMb: 250, defaultCapacityMb: 100);
        var read = await accounts.GetAsync($"/api/v1/domains/{domain}");
        Assert.Equal(1, read.Body!["accounts"]!.GetValue<int>());
        Assert.Equal(1, read.Body["accountsLeft"]!.GetValue<int>());
        Assert.Equal(150, read.Body["capacityLeftMb"]!.GetValue<int>());
        Assert.False((await accounts.VerifyAsync($"postmaster@{domain}", ""))["verified"]!.GetValue<bool>());

        var set = await accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/postmaster@{domain}/password", new { @new = AccountsService.GoodPassword });
        Assert.Equal(HttpStatusCode.NoContent, set.Status);
        Assert.True((await accounts.VerifyAsync($"postmaster@{domain}", AccountsService.GoodPassword))["verified"]!.GetValue<bool>());
    }

    [Fact, Trait("Rule", "ACC-1"), Trait("Rule", "ACC-2"), Trait("Rule", "ACC-13"), Trait("Rule", "GWY-3")]
    public async Task Every_broken_rule_is_named_at_once_with_its_field_in_the_callers_language()
    {
        var domain = await accounts.DomainAsync(maxAccounts: 1, maxCapacityMb: 100, defaultCapacityMb: 100);
        var reply = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts",
            new { name = "ａ..", password = "1234567", capacityMb = 0, comment = "two\nlines" }, null, ("Accept-Language", "ja"));

        Assert.Equal(HttpStatusCode.UnprocessableEntity, reply.Status);
        Assert.Equal("application/problem+json", reply.ContentType);
        Assert.Equal(
            [
                "accounts.name-full-width", "accounts.name-edge", "accounts.name-dots",
                "accounts.password-too-short", "accounts.password-no-lower", "accounts.password-no-upper", "accounts.password-no-symbol", "accounts.password-digit-run",
                "accounts.comment-characters", "accounts.domain-accounts-exceeded", "accounts.capacity-range",
            ],
            reply.Codes);
        Assert.Equal("urn:hikyaku:problem:accounts.name-full-width", reply.Body!["type"]!.GetValue<string>());
        Assert.Equal("全角文字「ａ」があります。半角で入力してください。", reply.Body["errors"]![0]!["detail"]!.GetValue<string>());
        Assert.Equal("name", reply.Body["errors"]![0]!["field"]!.GetValue<string>());
        Assert.DoesNotContain("1234567", reply.Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-15")]
    public async Task A_domain_in_unicode_full_width_or_upper_case_is_the_same_domain_in_A_labels()
    {
        var unique = Guid.NewGuid().ToString("N");
        var added = await accounts.SendAsync(HttpMethod.Post, "/api/v1/domains",
            new { name = $"Ｄ{unique}.日本語.JP", maxAccounts = 5, maxCapacityMb = 500, defaultCapacityMb = 100 });
        Assert.Equal(HttpStatusCode.Created, added.Status);
        Assert.Equal($"d{unique}.xn--wgv71a119e.jp", added.Body!["name"]!.GetValue<string>());

        var again = await accounts.SendAsync(HttpMethod.Post, "/api/v1/domains",
            new { name = $"d{unique}.xn--wgv71a119e.jp", maxAccounts = 5, maxCapacityMb = 500, defaultCapacityMb = 100 });
        Assert.Equal(HttpStatusCode.Conflict, again.Status);
        Assert.Equal(["domains.already-exists"], again.Codes);
    }

    [Fact, Trait("Rule", "ACC-3")]
    public async Task Of_twelve_creations_of_one_address_at_once_one_succeeds_and_eleven_are_conflicts()
    {
        var domain = await accounts.DomainAsync();
        var replies = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ =>
            accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "hanako", password = AccountsService.GoodPassword })));

        Assert.Equal(1, replies.Count(r => r.Status == HttpStatusCode.Created));
        Assert.Equal(11, replies.Count(r => r.Status == HttpStatusCode.Conflict && r.Codes is ["accounts.already-exists"]));
        var read = await accounts.GetAsync($"/api/v1/domains/{domain}");
        Assert.Equal(2, read.Body!["accounts"]!.GetValue<int>());
        Assert.Equal(200, read.Body["capacityMb"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task One_of_two_accounts_gets_the_last_place_and_the_other_learns_what_is_left()
    {
        var domain = await accounts.DomainAsync(maxAccounts: 2);
        var replies = await Task.WhenAll(new[] { "one", "two" }.Select(name =>
            accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name, password = AccountsService.GoodPassword })));

        Assert.Single(replies, r => r.Status == HttpStatusCode.Created);
        var refused = Assert.Single(replies, r => r.Status == HttpStatusCode.UnprocessableEntity);
        Assert.Equal(["accounts.domain-accounts-exceeded"], refused.Codes);
        Assert.Contains("0 more accounts", refused.Body!["detail"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task Capacities_stay_within_the_domains_sum_however_many_change_at_once()
    {
        var domain = await accounts.DomainAsync(maxCapacityMb: 1_000, defaultCapacityMb: 100);
        var names = Enumerable.Range(0, 6).Select(i => $"u{i:00}").ToArray();
        foreach (var name in names) await accounts.AccountAsync(domain, name);

        var replies = await Task.WhenAll(names.Select(n => accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{n}@{domain}", new { capacityMb = 250 })));

        Assert.Equal(2, replies.Count(r => r.Status == HttpStatusCode.OK)); // 700 in use, 150 more each
        Assert.Equal(4, replies.Count(r => r.Codes is ["accounts.domain-capacity-exceeded"]));
        Assert.Equal(1_000, (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["capacityMb"]!.GetValue<int>());
    }
}
