using System.Net;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Tests.Integration;

public sealed class Changing_accounts(AccountsService accounts)
{
    private const string Other = "Betsu-no-98yz";

    [Fact, Trait("Rule", "ACC-7")]
    public async Task Changes_of_password_capacity_and_comment_are_each_in_the_history()
    {
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain, comment: "old");
        var changed = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}",
            new { password = Other, capacityMb = 300, comment = "new" }, AccountsService.Admin(domain));
        Assert.Equal(HttpStatusCode.OK, changed.Status);
        Assert.Equal("\"4\"", changed.ETag);
        Assert.Equal(300, changed.Body!["capacityMb"]!.GetValue<int>());
        Assert.False((await accounts.VerifyAsync(address, AccountsService.GoodPassword))["verified"]!.GetValue<bool>());
        Assert.True((await accounts.VerifyAsync(address.ToUpperInvariant(), Other))["verified"]!.GetValue<bool>());
        Assert.Equal(400, (await accounts.GetAsync($"/api/v1/domains/{domain}")).Body!["capacityMb"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task Null_is_unchanged_and_an_empty_comment_clears_it()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync(), comment: "old");
        var same = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { password = (string?)null, capacityMb = (int?)null, comment = (string?)null });
        Assert.Equal((HttpStatusCode.OK, "\"1\""), (same.Status, same.ETag));
        var cleared = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { comment = "" });
        Assert.Equal("\"2\"", cleared.ETag);
        Assert.Null(cleared.Body!["comment"]);
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task The_history_says_who_did_what_from_where_through_what_and_when()
    {
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain, comment: "secret note");
        var before = DateTimeOffset.UtcNow.AddMinutes(-1);
        await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 300, comment = "another note" }, AccountsService.Admin(domain));

        var history = await accounts.GetAsync($"/api/v1/accounts/{address}/history", AccountsService.Admin(domain));
        var items = history.Body!["items"]!.AsArray();
        Assert.Equal(
            ["accounts.mail-account-comment-changed", "accounts.mail-account-capacity-changed", "accounts.mail-account-created"],
            items.Select(i => i!["type"]!.GetValue<string>()));
        var capacity = items[1]!;
        Assert.Equal(("admin", "admin1", "192.0.2.2"), (capacity["by"]!["role"]!.GetValue<string>(), capacity["by"]!["login"]!.GetValue<string>(), capacity["by"]!["address"]!.GetValue<string>()));
        Assert.Equal("panel", capacity["via"]!.GetValue<string>());
        Assert.Equal(300, capacity["data"]!["capacityMb"]!.GetValue<int>());
        Assert.InRange(capacity["at"]!.GetValue<DateTimeOffset>(), before, DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.DoesNotContain("credential", history.Text, StringComparison.OrdinalIgnoreCase);

        var own = await accounts.GetAsync($"/api/v1/accounts/{address}/history", await accounts.UserAsync(address));
        Assert.Equal(2, own.Body!["items"]!.AsArray().Count);
        Assert.DoesNotContain("note", own.Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task The_history_is_paged_to_its_end()
    {
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain);
        for (var mb = 101; mb <= 105; mb++) await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = mb });
        var seen = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var page = await accounts.GetAsync($"/api/v1/accounts/{address}/history?limit=4{(next == "" ? "" : "&cursor=" + next)}");
            seen.AddRange(page.Body!["items"]!.AsArray().Select(i => i!["id"]!.GetValue<string>()));
            next = page.Body["next"]?.GetValue<string>();
        }

        Assert.Equal(6, seen.Distinct().Count());
        Assert.Equal(6, seen.Count);
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_user_changes_the_own_password_with_the_current_one_alone()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        var user = await accounts.UserAsync(address);
        foreach (var current in new[] { null, "", "Wrong-one-1234" })
        {
            var refused = await accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{address}/password", new { current, @new = Other }, user);
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "accounts.current-password-wrong"), (refused.Status, refused.Codes.Single()));
        }

        var changed = await accounts.SendAsync(HttpMethod.Put, "/api/v1/me/password", new { current = AccountsService.GoodPassword, @new = Other }, user);
        Assert.Equal(HttpStatusCode.NoContent, changed.Status);
        Assert.True((await accounts.VerifyAsync(address, Other))["verified"]!.GetValue<bool>());
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task A_stale_If_Match_changes_nothing()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        var first = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 200 }, null, ("If-Match", "\"1\""));
        Assert.Equal((HttpStatusCode.OK, "\"2\""), (first.Status, first.ETag));
        var stale = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 300 }, null, ("If-Match", "\"1\""));
        Assert.Equal((HttpStatusCode.PreconditionFailed, "request.stale"), (stale.Status, stale.Codes.Single()));
        Assert.Equal(200, (await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["capacityMb"]!.GetValue<int>());
        var nonsense = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb = 300 }, null, ("If-Match", "two"));
        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (nonsense.Status, nonsense.Codes.Single()));
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task A_domains_limits_change_and_never_fall_below_what_is_in_use()
    {
        var domain = await accounts.DomainAsync();
        await accounts.AccountAsync(domain, capacityMb: 400);
        var low = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxAccounts = 1, maxCapacityMb = 499 });
        Assert.Equal(["domains.accounts-in-use", "domains.capacity-in-use"], low.Codes);
        Assert.Equal(HttpStatusCode.Conflict, low.Status);
        var good = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/domains/{domain}", new { maxAccounts = 2, maxCapacityMb = 500 });
        Assert.Equal(HttpStatusCode.OK, good.Status);
        Assert.Equal((0, 0), (good.Body!["accountsLeft"]!.GetValue<int>(), good.Body["capacityLeftMb"]!.GetValue<int>()));
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task Administrators_are_appointed_set_a_password_of_their_own_and_are_dismissed()
    {
        var domain = await accounts.DomainAsync();
        var login = $"adm{Guid.NewGuid():N}"[..20];
        var path = $"/api/v1/domains/{domain}/administrators";
        Assert.Equal(HttpStatusCode.Created, (await accounts.SendAsync(HttpMethod.Post, path, new { login, password = AccountsService.GoodPassword })).Status);
        var verified = await accounts.VerifyAsync(login.ToUpperInvariant(), AccountsService.GoodPassword);
        Assert.Equal(Roles.Admin, verified["role"]!.GetValue<string>());
        Assert.Equal([domain], verified["domains"]!.AsArray().Select(d => d!.GetValue<string>()));
        Assert.True(verified["passwordChangeRequired"]!.GetValue<bool>());

        var me = new Caller(Roles.Admin, login, "s", [domain], "192.0.2.9", "panel");
        Assert.Equal(HttpStatusCode.NoContent, (await accounts.SendAsync(HttpMethod.Put, "/api/v1/me/password", new { current = AccountsService.GoodPassword, @new = Other }, me)).Status);
        Assert.False((await accounts.VerifyAsync(login, Other))["passwordChangeRequired"]!.GetValue<bool>());

        Assert.Equal(HttpStatusCode.NoContent, (await accounts.SendAsync(HttpMethod.Put, $"{path}/{login}/password", new { @new = "Set-by-op-1234" })).Status);
        Assert.True((await accounts.VerifyAsync(login, "Set-by-op-1234"))["passwordChangeRequired"]!.GetValue<bool>());
        Assert.Equal([login], (await accounts.GetAsync(path)).Body!["items"]!.AsArray().Select(i => i!["login"]!.GetValue<string>()));

        Assert.Equal(HttpStatusCode.NoContent, (await accounts.SendAsync(HttpMethod.Delete, $"{path}/{login}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await accounts.SendAsync(HttpMethod.Delete, $"{path}/{login}")).Status);
        Assert.Empty((await accounts.VerifyAsync(login, "Set-by-op-1234"))["domains"]!.AsArray());
        var history = await accounts.GetAsync($"/api/v1/domains/{domain}/history");
        Assert.Equal(
            ["accounts.domain-administrator-dismissed", "accounts.domain-administrator-appointed", "accounts.domain-added"],
            history.Body!["items"]!.AsArray().Select(i => i!["type"]!.GetValue<string>()));
    }
}
