using System.Net;
using Hikyaku.Accounts.Credentials;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "ACC-8")]
public sealed class Forcing_passwords(AccountsService accounts)
{
    private const string Fresh = "Tsukimi.7soba+Kx";

    [Fact]
    public async Task The_old_password_is_told_apart_from_wrong_ones_and_opens_nothing()
    {
        var address = await ForcedAsync(await accounts.DomainAsync());
        Assert.Equal("""{"verified":false,"passwordForciblyChanged":true}""", (await accounts.VerifyAsync(address, AccountsService.GoodPassword)).ToJsonString());
        Assert.Equal("""{"verified":false}""", (await accounts.VerifyAsync(address, "Wrong-password-1")).ToJsonString());
        Assert.Equal("""{"verified":false}""", (await accounts.VerifyAsync(address, "")).ToJsonString());
    }

    [Fact]
    public async Task Only_the_password_just_before_counts_as_the_old_one()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        await SetAsync(address, "Betsu-no-98yz");
        await ForceAsync(address);
        Assert.Equal("""{"verified":false}""", (await accounts.VerifyAsync(address, AccountsService.GoodPassword)).ToJsonString());
        Assert.NotNull((await accounts.VerifyAsync(address, "Betsu-no-98yz"))["passwordForciblyChanged"]);
    }

    [Fact]
    public async Task An_account_that_had_no_password_has_no_old_one()
    {
        var domain = await accounts.DomainAsync();
        await ForceAsync($"postmaster@{domain}");
        Assert.Equal("""{"verified":false}""", (await accounts.VerifyAsync($"postmaster@{domain}", AccountsService.GoodPassword)).ToJsonString());
    }

    [Fact]
    public async Task A_repeated_one_changes_nothing_and_a_reason_is_needed()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        var path = $"/api/v1/accounts/{address}/force-password-change";
        foreach (var body in new object[] { new { }, new { reason = " " }, new { reason = new string('x', 201) }, new { reason = "a\nb" } })
            Assert.Equal(HttpStatusCode.UnprocessableEntity, (await accounts.SendAsync(HttpMethod.Post, path, body)).Status);
        Assert.False((await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["passwordForciblyChanged"]!.GetValue<bool>());

        var first = await accounts.SendAsync(HttpMethod.Post, path, new { reason = "mass sending" });
        var again = await accounts.SendAsync(HttpMethod.Post, path, new { reason = "mass sending again" });
        Assert.Equal((HttpStatusCode.NoContent, "\"2\""), (first.Status, first.ETag));
        Assert.Equal((HttpStatusCode.NoContent, "\"2\""), (again.Status, again.ETag));
        Assert.True((await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["passwordForciblyChanged"]!.GetValue<bool>());
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task It_is_for_operators_alone()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var address = await accounts.AccountAsync(domain);
        foreach (var (caller, status) in new[]
        {
            (AccountsService.Admin(domain), HttpStatusCode.Forbidden),
            (await accounts.UserAsync(address), HttpStatusCode.Forbidden),
            (AccountsService.Admin(others), HttpStatusCode.NotFound),
        })
        {
            var refused = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "x" }, caller);
            Assert.Equal(status, refused.Status);
        }

        Assert.True((await accounts.VerifyAsync(address, AccountsService.GoodPassword))["verified"]!.GetValue<bool>());
    }

    [Fact]
    public async Task A_forced_change_ends_with_an_older_password_and_not_with_the_last_five()
    {
        string[] used = [AccountsService.GoodPassword, "Betsu-no-98yz", "Kaze-tachinu-34", "Yukiguni+56cd", "Kokoro.to.78ef", "Rashomon~90gh"];
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain);
        foreach (var password in used[1..]) await SetAsync(address, password);
        await ForceAsync(address);

        var admin = AccountsService.Admin(domain);
        foreach (var recent in used[1..])
        {
            var put = await accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{address}/password", new { @new = recent }, admin);
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "accounts.password-recent"), (put.Status, put.Codes.Single()));
        }

        var patch = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { password = used[5], capacityMb = 300 }, admin);
        Assert.Equal((HttpStatusCode.UnprocessableEntity, "accounts.password-recent"), (patch.Status, patch.Codes.Single()));
        var guessable = await accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { password = "Password-1234" }, admin);
        Assert.Equal("accounts.password-guessable", guessable.Codes.Single());
        var both = await accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{address}/password", new { @new = "password" }, admin);
        Assert.Equal("accounts.password-guessable", both.Codes[^1]);
        Assert.True(both.Codes.Length > 1);

        await SetAsync(address, used[0], admin);
        var read = await accounts.GetAsync($"/api/v1/accounts/{address}");
        Assert.Equal((false, 100), (read.Body!["passwordForciblyChanged"]!.GetValue<bool>(), read.Body["capacityMb"]!.GetValue<int>()));
        Assert.True((await accounts.VerifyAsync(address, used[0]))["verified"]!.GetValue<bool>());
        Assert.Equal("""{"verified":false}""", (await accounts.VerifyAsync(address, used[5])).ToJsonString());
    }

    [Fact]
    public async Task A_user_cannot_heal_it_with_the_old_password()
    {
        var address = await ForcedAsync(await accounts.DomainAsync());
        foreach (var path in new[] { $"/api/v1/accounts/{address}/password", "/api/v1/me/password" })
        {
            var refused = await accounts.SendAsync(HttpMethod.Put, path, new { current = AccountsService.GoodPassword, @new = Fresh }, await accounts.UserAsync(address));
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "accounts.current-password-wrong"), (refused.Status, refused.Codes.Single()));
        }
    }

    [Fact]
    public async Task A_change_that_a_forced_one_overtakes_heals_nothing()
    {
        for (var i = 0; i < 5; i++)
        {
            var address = await accounts.AccountAsync(await accounts.DomainAsync());
            var user = await accounts.UserAsync(address);
            var change = accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{address}/password", new { current = AccountsService.GoodPassword, @new = Fresh }, user);
            await ForceAsync(address);
            var changed = await change;

            // Whichever came first: in the end nobody knows the password.
            Assert.True(changed.Status == HttpStatusCode.NoContent || changed.Codes.Single() == "accounts.current-password-wrong", changed.Text);
            Assert.True((await accounts.GetAsync($"/api/v1/accounts/{address}")).Body!["passwordForciblyChanged"]!.GetValue<bool>());
            Assert.False((await accounts.VerifyAsync(address, Fresh))["verified"]!.GetValue<bool>());
        }
    }

    [Fact]
    public async Task Five_of_the_owners_passwords_are_kept_and_a_random_one_only_while_in_use()
    {
        var address = await accounts.AccountAsync(await accounts.DomainAsync());
        foreach (var password in new[] { "Betsu-no-98yz", "Kaze-tachinu-34", "Yukiguni+56cd", "Kokoro.to.78ef" }) await SetAsync(address, password);
        await ForceAsync(address);
        Assert.Equal((5, 1), await KeptAsync(address));
        await SetAsync(address, Fresh);
        Assert.Equal((5, 0), await KeptAsync(address));
        await ForceAsync(address);
        await SetAsync(address, "Rashomon~90gh");
        Assert.Equal((5, 0), await KeptAsync(address));
    }

    [Fact, Trait("Rule", "ROLE-3")]
    public async Task The_history_tells_staff_the_reason_and_the_user_that_it_happened()
    {
        var domain = await accounts.DomainAsync();
        var address = await ForcedAsync(domain);
        var staff = await accounts.GetAsync($"/api/v1/accounts/{address}/history", AccountsService.Admin(domain));
        Assert.Equal("mass sending", staff.Body!["items"]![0]!["data"]!["reason"]!.GetValue<string>());
        Assert.Equal("operator", staff.Body["items"]![0]!["by"]!["login"]!.GetValue<string>());
        var user = await accounts.GetAsync($"/api/v1/accounts/{address}/history", await accounts.UserAsync(address));
        Assert.Equal("accounts.mail-account-password-forcibly-changed", user.Body!["items"]![0]!["type"]!.GetValue<string>());
        Assert.DoesNotContain("mass", user.Text, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "PNL-4")]
    public async Task The_list_shows_and_finds_forced_accounts_page_by_page()
    {
        var domain = await accounts.DomainAsync();
        for (var i = 0; i < 6; i++) await accounts.AccountAsync(domain, $"user{i}");
        foreach (var i in new[] { 1, 3, 4 }) await ForceAsync($"user{i}@{domain}");

        foreach (var sort in new[] { "address", "createdAt", "usedMb" })
        {
            var first = await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?status=password-forcibly-changed&limit=2&sort={sort}");
            var rest = await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?status=password-forcibly-changed&limit=2&sort={sort}&cursor={first.Body!["next"]}");
            Assert.Equal(["user1", "user3", "user4"], Names(first).Concat(Names(rest)));
            Assert.All(first.Body["items"]!.AsArray(), i => Assert.True(i!["passwordForciblyChanged"]!.GetValue<bool>()));
        }

        var normal = await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?status=normal");
        Assert.Equal(["postmaster", "user0", "user2", "user5"], Names(normal));
        Assert.All(normal.Body!["items"]!.AsArray(), i => Assert.False(i!["passwordForciblyChanged"]!.GetValue<bool>()));
        Assert.Equal(7, Names(await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?status=")).Count());
        var unknown = await accounts.GetAsync($"/api/v1/domains/{domain}/accounts?status=forced");
        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (unknown.Status, unknown.Codes.Single()));
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_guessable_password_is_a_warning_on_an_ordinary_change_in_the_readers_language()
    {
        var domain = await accounts.DomainAsync();
        var created = await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "taro", password = "Password-1234" });
        Assert.Equal(HttpStatusCode.Created, created.Status);
        Assert.Equal("""[{"code":"accounts.password-guessable","field":"password","detail":"This password is easy to guess. Choose another one."}]""", created.Body!["warnings"]!.ToJsonString());

        var path = $"/api/v1/accounts/taro@{domain}";
        var changed = await accounts.SendAsync(HttpMethod.Patch, path, new { password = "Qwerty-12345" }, null, ("Accept-Language", "ja"));
        Assert.Equal("推測されやすいパスワードです。別のものにしてください。", changed.Body!["warnings"]![0]!["detail"]!.GetValue<string>());
        Assert.True((await accounts.VerifyAsync($"taro@{domain}", "Qwerty-12345"))["verified"]!.GetValue<bool>());

        Assert.Null((await accounts.SendAsync(HttpMethod.Patch, path, new { capacityMb = 200 })).Body!["warnings"]);
        Assert.Null((await accounts.SendAsync(HttpMethod.Patch, path, new { password = Fresh })).Body!["warnings"]);
        Assert.Null((await accounts.GetAsync(path)).Body!["warnings"]);
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_new_password_like_the_current_one_is_refused_to_whoever_changes_their_own()
    {
        var domain = await accounts.DomainAsync();
        var address = await accounts.AccountAsync(domain);
        var login = $"adm{Guid.NewGuid():N}"[..20];
        await accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", new { login, password = AccountsService.GoodPassword });
        var admin = new Caller(Roles.Admin, login, "s", [domain], "192.0.2.9", "panel");
        foreach (var caller in new[] { await accounts.UserAsync(address), admin })
        {
            var refused = await accounts.SendAsync(HttpMethod.Put, "/api/v1/me/password", new { current = AccountsService.GoodPassword, @new = "Hatsukoi-34cd" }, caller);
            Assert.Equal((HttpStatusCode.UnprocessableEntity, "accounts.password-similar"), (refused.Status, refused.Codes.Single()));
            var same = await accounts.SendAsync(HttpMethod.Put, "/api/v1/me/password", new { current = AccountsService.GoodPassword, @new = AccountsService.GoodPassword }, caller);
            Assert.Equal(HttpStatusCode.NoContent, same.Status); // what is so already is no change
        }

        await SetAsync(address, "Hatsukoi-34cd", admin); // who does not know the old one is not told that it is like it
    }

    private static IEnumerable<string> Names(Reply reply) => reply.Body!["items"]!.AsArray().Select(i => i!["name"]!.GetValue<string>());

    private async Task<string> ForcedAsync(string domain)
    {
        var address = await accounts.AccountAsync(domain);
        await ForceAsync(address);
        return address;
    }

    private async Task ForceAsync(string address)
        => Assert.Equal(HttpStatusCode.NoContent, (await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "mass sending" })).Status);

    private async Task SetAsync(string address, string password, Caller? caller = null)
    {
        var reply = await accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{address}/password", new { @new = password }, caller);
        Assert.True(reply.Status == HttpStatusCode.NoContent, reply.Text);
    }

    private async Task<(int Real, int Random)> KeptAsync(string address)
    {
        var id = (await accounts.TargetAsync(address))!.AccountId;
        await using var session = accounts.Get<IDocumentStore>().QuerySession();
        var kept = await session.Query<Credential>().Where(c => c.Owner == id).ToListAsync();
        return (kept.Count(c => !c.Forced), kept.Count(c => c.Forced));
    }
}
