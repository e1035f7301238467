using System.Net;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>Who sees which notice, and that nothing of a deleted account is left on the board.</summary>
[Trait("Rule", "NTC-1")]
public sealed class Reading_the_board(FeedFixture fixture)
{
    private readonly FeedService _feed = fixture.Feed;

    public static TheoryData<bool, bool, bool, bool> Audiences
    {
        get
        {
            var all = new TheoryData<bool, bool, bool, bool>();
            for (var n = 0; n < 16; n++) all.Add((n & 1) > 0, (n & 2) > 0, (n & 4) > 0, (n & 8) > 0);
            return all;
        }
    }

    [Theory, MemberData(nameof(Audiences)), Trait("Rule", "ROLE-2")]
    public async Task A_notice_is_seen_by_those_whom_its_audience_names(bool administrators, bool operators, bool owner, bool starter)
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var boss = BoardClient.Operator with { Login = $"op{Guid.NewGuid():N}"[..20] };
        var notice = BoardClient.Notice(account) with { Audience = new NoticeAudience(administrators, operators, owner, starter ? boss.Login : null) };
        var sentinel = BoardClient.Notice(account) with { Audience = new NoticeAudience(true, true, true, boss.Login) };
        await _feed.PublishAsync(notice);
        await _feed.PublishAsync(sentinel);

        var neighbour = new Published_contracts(account.Domain, "hanako");
        foreach (var (caller, sees, seesSentinel) in new[]
        {
            (BoardClient.Admin(account.Domain), administrators, true), (BoardClient.Admin("other.example.jp"), false, false), (BoardClient.Admin(), false, false),
            (BoardClient.Operator, operators, true), (boss, operators || starter, true),
            (BoardClient.User(account), owner, true), (BoardClient.User(neighbour), false, false),
        })
        {
            var client = new BoardClient(_feed, caller);
            if (seesSentinel) await Eventually.Async(() => SeesAsync(client, sentinel));
            if (sees) await Eventually.Async(() => SeesAsync(client, notice));
            Assert.Equal(sees, await SeesAsync(client, notice));
            var marked = await client.SendAsync(HttpMethod.Patch, $"/api/v1/notices/{notice.NoticeId:N}", new { read = true });
            Assert.Equal(sees ? HttpStatusCode.OK : HttpStatusCode.NotFound, marked.Status);
        }
    }

    [Theory]
    [InlineData("job-finished", HttpStatusCode.OK)]
    [InlineData("password-forcibly-changed", HttpStatusCode.OK)]
    [InlineData("gossip", HttpStatusCode.BadRequest)]
    public async Task The_board_can_be_asked_for_the_kinds_that_services_declare(string kind, HttpStatusCode status)
        => Assert.Equal(status, (await new BoardClient(_feed, BoardClient.Operator).SendAsync(HttpMethod.Get, $"/api/v1/notices?kind={kind}")).Status);

    [Fact]
    public async Task A_platform_credential_has_no_board()
        => Assert.Equal(HttpStatusCode.Forbidden, (await new BoardClient(_feed, new(Roles.Gateway, "gateway", "", [], "", "api")).SendAsync(HttpMethod.Get, "/api/v1/notices")).Status);

    [Fact, Trait("Rule", "OPS-6"), Trait("Rule", "ACC-5"), Trait("Rule", "REL-3")]
    public async Task Of_a_deleted_account_nothing_is_left_in_whatever_order_it_is_told()
    {
        var accounts = new List<Published_contracts>();
        foreach (var order in Orders.Of([0, 1, 2, 3]))
        {
            var account = new Published_contracts(Published_contracts.NewDomain(), "wanderer");
            object[] told = [account.Created(), BoardClient.Notice(account), BoardClient.Notice(account) with { Audience = new(false, false, true, account.AccountId) }, account.DeletionStarted()];
            foreach (var i in order) await _feed.PublishAsync(told[i]);
            accounts.Add(account);
        }

        var last = new Published_contracts(Published_contracts.NewDomain());
        await _feed.PublishAsync(BoardClient.Notice(last)); // what came before it is on the board, or has been
        await new BoardClient(_feed, BoardClient.Admin(last.Domain)).ItemsAsync(1);
        foreach (var account in accounts)
        {
            await Eventually.Async(() =>
            {
                lock (_feed.Erased) return _feed.Erased.Any(e => e.AccountId == account.AccountId);
            });
            await Eventually.Async(async () => await BoardClient.RowsAsync(_feed, account) == 0);
        }
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task An_erasure_leaves_the_notices_of_others_and_of_no_account()
    {
        var (account, neighbour) = (new Published_contracts(Published_contracts.NewDomain()), new Published_contracts(Published_contracts.NewDomain(), "hanako"));
        var admin = new BoardClient(_feed, BoardClient.Admin(account.Domain, neighbour.Domain));
        var (own, others, nobodys) = (BoardClient.Notice(account), BoardClient.Notice(neighbour), BoardClient.Notice(account) with { AccountId = null, Address = null, Job = "accounts-1", Kind = "job-finished" });
        await _feed.PublishAsync(own, others, nobodys);
        await admin.ItemsAsync(3);

        await _feed.PublishAsync(account.DeletionStarted());
        var left = await admin.ItemsAsync(2);
        Assert.Equal(new[] { others, nobodys }.Select(n => n.NoticeId.ToString("N")).Order(), left.Select(i => i["id"]!.GetValue<string>()).Order());
        Assert.Equal(("accounts-1", null), (left.Single(i => i["kind"]!.GetValue<string>() == "job-finished")["job"]!.GetValue<string>(), left.Single(i => i["kind"]!.GetValue<string>() == "job-finished")["account"]));
    }

    private static async Task<bool> SeesAsync(BoardClient client, NoticeRaised notice)
        => (await client.ItemsAsync("?limit=500")).Any(i => i["id"]!.GetValue<string>() == notice.NoticeId.ToString("N"));
}
