using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Tests.Integration;

[Trait("Rule", "NTC-1"), Trait("Rule", "ACC-8")]
public sealed class Reading_notices(AccountsService accounts, SharedMessageBoard shared) : IClassFixture<SharedMessageBoard>
{
    private readonly MessageBoard _board = shared.Board;

    [Fact]
    public async Task A_forced_change_tells_the_domains_administrators_what_to_do_in_their_language()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var address = await ForcedAsync(domain);

        var board = await _board.ReadAsync(Admin(domain));
        Assert.Equal(1, board["unread"]!.GetValue<int>());
        var notice = board["items"]!.AsArray().Single()!;
        Assert.Equal(("password-forcibly-changed", address, false), (notice["kind"]!.GetValue<string>(), notice["account"]!.GetValue<string>(), notice["read"]!.GetValue<bool>()));
        Assert.Equal((domain, null), (notice["domain"]!.GetValue<string>(), notice["job"]));
        Assert.Equal($"The password of {address} was forcibly changed. Set a new one.", notice["text"]!.GetValue<string>());
        Assert.InRange(notice["at"]!.GetValue<DateTimeOffset>(), DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(1));
        var japanese = await _board.SendAsync(HttpMethod.Get, "/api/v1/notices", null, Admin(domain), ("Accept-Language", "ja"));
        Assert.Equal($"{address} のパスワードを強制変更しました。新しいパスワードを設定してください。", japanese.Body!["items"]![0]!["text"]!.GetValue<string>());
        Assert.DoesNotContain("mass sending", japanese.Text, StringComparison.Ordinal);

        Assert.Empty((await _board.ReadAsync(Admin(others)))["items"]!.AsArray());
        Assert.Empty((await _board.ReadAsync(Admin()))["items"]!.AsArray());
        Assert.Contains((await _board.ReadAsync(AccountsService.Operator, "?limit=500"))["items"]!.AsArray(), i => i!["account"]!.GetValue<string>() == address);
    }

    [Fact]
    public async Task Everybody_reads_for_themselves_and_can_take_it_back()
    {
        var domain = await accounts.DomainAsync();
        await ForcedAsync(domain);
        var (mine, colleague) = (Admin(domain), Admin(domain));
        var id = (await _board.ReadAsync(mine))["items"]![0]!["id"]!.GetValue<string>();

        foreach (var _ in new[] { 1, 2 })
        {
            var marked = await _board.SendAsync(HttpMethod.Patch, $"/api/v1/notices/{id}", new { read = true }, mine);
            Assert.Equal((HttpStatusCode.OK, true), (marked.Status, marked.Body!["read"]!.GetValue<bool>()));
        }

        Assert.Empty((await _board.ReadAsync(mine, "?state=unread"))["items"]!.AsArray());
        Assert.Equal((0, true), ((await _board.ReadAsync(mine))["unread"]!.GetValue<int>(), (await _board.ReadAsync(mine, "?state=all"))["items"]![0]!["read"]!.GetValue<bool>()));
        Assert.Single((await _board.ReadAsync(colleague, "?state=unread"))["items"]!.AsArray());

        var back = await _board.SendAsync(HttpMethod.Patch, $"/api/v1/notices/{id}", new { read = false }, mine);
        Assert.False(back.Body!["read"]!.GetValue<bool>());
        Assert.Equal(1, (await _board.ReadAsync(mine))["unread"]!.GetValue<int>());
    }

    [Fact]
    public async Task All_are_marked_at_once_within_ones_own_domains()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        await ForcedAsync(domain);
        await ForcedAsync(domain, "jiro");
        await ForcedAsync(others);
        var admin = Admin(domain);
        Assert.Equal(HttpStatusCode.NoContent, (await _board.SendAsync(HttpMethod.Post, "/api/v1/notices/read-all", null, admin)).Status);
        Assert.Equal(0, (await _board.ReadAsync(admin))["unread"]!.GetValue<int>());
        Assert.Equal(1, (await _board.ReadAsync(admin with { Domains = [domain, others] }))["unread"]!.GetValue<int>());

        await ForcedAsync(domain, "saburo");
        Assert.Equal(1, (await _board.ReadAsync(admin))["unread"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_newer_notice_of_an_account_replaces_the_older_one_and_is_unread()
    {
        var domain = await accounts.DomainAsync();
        var address = await ForcedAsync(domain);
        var admin = Admin(domain);
        await _board.SendAsync(HttpMethod.Post, "/api/v1/notices/read-all", null, admin);
        await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "again" });
        await ForcedAsync(domain, "jiro"); // told after what was told before
        Assert.Equal(1, (await _board.ReadAsync(admin))["unread"]!.GetValue<int>()); // of the first it is still the same one
        await accounts.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{address}/password", new { @new = "Tsukimi.7soba+Kx" }, admin);
        await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "again" });
        var board = await _board.ReadAsync(admin, "", b => b["unread"]!.GetValue<int>() == 2);
        Assert.Equal(2, board["items"]!.AsArray().Count);
    }

    [Fact, Trait("Rule", "GWY-4")]
    public async Task The_board_is_paged_newest_first()
    {
        var domain = await accounts.DomainAsync();
        var forced = new List<string>();
        for (var i = 0; i < 5; i++) forced.Add(await ForcedAsync(domain, $"user{i}"));
        var seen = new List<string>();
        for (string? next = ""; next is not null;)
        {
            var page = await _board.ReadAsync(Admin(domain), $"?limit=2&kind=password-forcibly-changed{(next == "" ? "" : "&cursor=" + next)}");
            Assert.InRange(page["items"]!.AsArray().Count, 1, 2);
            seen.AddRange(page["items"]!.AsArray().Select(i => i!["account"]!.GetValue<string>()));
            next = page["next"]?.GetValue<string>();
        }

        Assert.Equal(Enumerable.Reverse(forced), seen);
    }

    [Theory, Trait("Rule", "GWY-3")]
    [InlineData("state=old")]
    [InlineData("kind=gossip")]
    [InlineData("limit=0")]
    [InlineData("cursor=nonsense")]
    [InlineData("cursor=eyJWYWx1ZSI6Int9IiwiS2V5IjoieCIsIkJhY2siOmZhbHNlfQ")]
    public async Task A_parameter_that_cannot_be_read_is_named(string query)
    {
        var reply = await _board.SendAsync(HttpMethod.Get, $"/api/v1/notices?{query}", null, AccountsService.Operator);
        Assert.Equal((HttpStatusCode.BadRequest, "request.bad-parameter"), (reply.Status, reply.Codes.Single()));
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Anothers_notice_is_not_there_and_a_forced_change_is_on_no_users_board()
    {
        var (domain, others) = (await accounts.DomainAsync(), await accounts.DomainAsync());
        var address = await ForcedAsync(domain);
        var id = (await _board.ReadAsync(Admin(domain)))["items"]![0]!["id"]!.GetValue<string>();
        var user = await accounts.UserAsync(address);
        foreach (var (path, caller) in new[] { (id, Admin(others)), (id, user), (Guid.NewGuid().ToString("N"), Admin(domain)), ("x", Admin(domain)) })
            Assert.Equal(HttpStatusCode.NotFound, (await _board.SendAsync(HttpMethod.Patch, $"/api/v1/notices/{path}", new { read = true }, caller)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await _board.SendAsync(HttpMethod.Patch, $"/api/v1/notices/{id}", new { }, Admin(domain))).Status);
        Assert.Equal("""{"items":[],"unread":0}""", (await _board.ReadAsync(user)).ToJsonString());
    }

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_notice_goes_with_its_account(bool isOnlyBegun)
    {
        var domain = await accounts.DomainAsync();
        var address = await ForcedAsync(domain);
        var id = (await accounts.TargetAsync(address))!.AccountId;
        await using (var session = accounts.Get<IDocumentStore>().LightweightSession())
        {
            session.Events.Append(id, new MailAccountDeletionStarted("accounts-1", DateTimeOffset.UtcNow));
            if (!isOnlyBegun) session.Events.Append(id, new MailAccountDeleted(DateTimeOffset.UtcNow));
            await session.SaveChangesAsync();
        }

        await _board.ReadAsync(Admin(domain), "", b => b["items"]!.AsArray().Count == 0);
        Assert.Equal(0L, await _board.ScalarAsync("select count(*) from notice where account_id = @id", ("id", id)));
    }

    private static Caller Admin(params string[] domains) => AccountsService.Admin(domains) with { Login = $"adm{Guid.NewGuid():N}"[..20] };

    private async Task<string> ForcedAsync(string domain, string name = "taro")
    {
        var address = await accounts.AccountAsync(domain, name);
        Assert.Equal(HttpStatusCode.NoContent, (await accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "mass sending" })).Status);
        await ToldAsync(domain, address);
        return address;
    }

    // What is decided reaches the board a moment later.
    private Task<JsonNode> ToldAsync(string domain, string address)
        => _board.ReadAsync(Admin(domain), "?state=unread", b => b["items"]!.AsArray().Any(i => i!["account"]!.GetValue<string>() == address));
}
