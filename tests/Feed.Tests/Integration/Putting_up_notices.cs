using System.Net;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>Notices come from the broker: more than once, in another order, while the feed or its database is away.</summary>
[Trait("Rule", "NTC-1")]
public sealed class Putting_up_notices(FeedFixture fixture)
{
    private readonly FeedService _feed = fixture.Feed;

    [Fact, Trait("Rule", "REL-3")]
    public async Task A_notice_that_comes_again_changes_nothing()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var admin = new BoardClient(_feed, BoardClient.Admin(account.Domain));
        var notice = BoardClient.Notice(account);
        await _feed.PublishAsync(notice, notice, notice);
        var shown = Assert.Single(await admin.ItemsAsync(1));
        Assert.Equal(notice.NoticeId.ToString("N"), shown["id"]!.GetValue<string>());
        await admin.SendAsync(HttpMethod.Patch, $"/api/v1/notices/{shown["id"]}", new { read = true });

        var later = BoardClient.Notice(account);
        await _feed.PublishAsync(notice, later);
        Assert.Equal([later.NoticeId, notice.NoticeId], (await admin.ItemsAsync(2)).Select(i => Guid.Parse(i["id"]!.GetValue<string>())));
        Assert.Equal(1, (await admin.ReadAsync())["unread"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "REL-3")]
    public async Task Of_notices_that_replace_each_other_the_newest_stays_in_any_order()
    {
        var begun = DateTimeOffset.UtcNow;
        foreach (var order in Orders.Of([0, 1, 2, 2]))
        {
            var account = new Published_contracts(Published_contracts.NewDomain());
            var admin = new BoardClient(_feed, BoardClient.Admin(account.Domain));
            NoticeRaised[] notices = [.. Enumerable.Range(0, 3).Select(n => BoardClient.Notice(account, $"number {n}", $"accounts forced {account.AccountId}", begun.AddSeconds(n)))];
            foreach (var n in order) await _feed.PublishAsync(notices[n]);
            await _feed.PublishAsync(BoardClient.Notice(account, "last"));
            await Eventually.Async(() => admin.ItemsAsync(), i => i.Count == 2 && i.Any(n => n["text"]!.GetValue<string>() == "last") && i.Any(n => n["text"]!.GetValue<string>() == "number 2"));
        }
    }

    [Fact, Trait("Rule", "REL-3")]
    public async Task A_newer_notice_is_unread_and_a_late_older_one_does_not_come_back()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var admin = new BoardClient(_feed, BoardClient.Admin(account.Domain));
        var (older, newer) = (BoardClient.Notice(account, "older", "slot-" + account.AccountId), BoardClient.Notice(account, "newer", "slot-" + account.AccountId, DateTimeOffset.UtcNow.AddSeconds(1)));
        await _feed.PublishAsync(older);
        await admin.ItemsAsync(1);
        await admin.SendAsync(HttpMethod.Post, "/api/v1/notices/read-all");
        await _feed.PublishAsync(newer);
        await Eventually.Async(async () => (await admin.ItemsAsync()).Single()["text"]!.GetValue<string>() == "newer");
        Assert.Equal(1, (await admin.ReadAsync())["unread"]!.GetValue<int>());

        await _feed.PublishAsync(older, BoardClient.Notice(account, "last"));
        Assert.Equal(["last", "newer"], (await admin.ItemsAsync(2)).Select(i => i["text"]!.GetValue<string>()).Order());
    }

    [Fact, Trait("Rule", "REL-7")]
    public async Task A_notice_of_an_earlier_board_brings_who_has_read_it_once()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var caller = BoardClient.Admin(account.Domain);
        var (admin, colleague) = (new BoardClient(_feed, caller), new BoardClient(_feed, BoardClient.Admin(account.Domain)));
        var (moved, told) = (BoardClient.Notice(account) with { ReadBy = [caller.Login] }, BoardClient.Notice(account));
        await _feed.PublishAsync(told);
        await admin.ItemsAsync(1);

        await _feed.PublishAsync(moved, told with { ReadBy = [caller.Login] });

        await admin.ItemsAsync(2);
        await Eventually.Async(async () => (await admin.ReadAsync())["unread"]!.GetValue<int>() == 0);
        Assert.Equal(2, (await colleague.ReadAsync())["unread"]!.GetValue<int>());
    }

    [Theory, Trait("Rule", "SEC-2")]
    [InlineData("'; drop table notice; --")]
    [InlineData("<script>alert(1)</script> & \"quoted\" \\ back")]
    [InlineData("two\r\nlines\tand\u0001more")]
    [InlineData("\u202Eright to left\u2028 {0} {a} %s $1")]
    [InlineData("絵文字 😀 と 半角カナ")]
    public async Task A_text_is_shown_to_the_letter_whatever_is_in_it(string text)
    {
        var account = new Published_contracts(Published_contracts.NewDomain(), "o'brien");
        var admin = new BoardClient(_feed, BoardClient.Admin(account.Domain));
        await _feed.PublishAsync(BoardClient.Notice(account, text, replaces: text + account.AccountId) with { Kind = "kind-of-a-later-service" });
        var shown = Assert.Single(await admin.ItemsAsync(1));
        Assert.Equal((text, "kind-of-a-later-service", account.Address), (shown["text"]!.GetValue<string>(), shown["kind"]!.GetValue<string>(), shown["account"]!.GetValue<string>()));
        Assert.Equal($"お知らせ: {text}", (await admin.ReadAsync("", "ja"))["items"]![0]!["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_text_that_is_not_there_in_the_readers_language_is_shown_in_english()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        await _feed.PublishAsync(BoardClient.Notice(account) with { Texts = new Dictionary<string, string> { ["en"] = "English only" } });
        var admin = new BoardClient(_feed, BoardClient.Admin(account.Domain));
        await admin.ItemsAsync(1);
        Assert.Equal("English only", (await admin.ReadAsync("", "ja"))["items"]![0]!["text"]!.GetValue<string>());
    }

    [Fact, Trait("Rule", "REL-8"), Trait("Rule", "REL-3")]
    public async Task What_is_raised_while_the_feed_or_its_database_is_away_is_on_the_board_later()
    {
        await using var postgres = await PostgresServer.StartDedicatedAsync();
        await using var feed = await FeedService.StartAsync(await postgres.AddDatabaseAsync(), await RabbitServer.NewVirtualHostAsync());
        var account = new Published_contracts(Published_contracts.NewDomain());
        var caller = BoardClient.Admin(account.Domain);
        await feed.PublishAsync(BoardClient.Notice(account));
        await new BoardClient(feed, caller).ItemsAsync(1);
        await new BoardClient(feed, caller).SendAsync(HttpMethod.Post, "/api/v1/notices/read-all");

        await postgres.StopAsync();
        await feed.PublishAsync(BoardClient.Notice(account));
        await Eventually.Async(async () => (await feed.Http.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(60));
        await postgres.StartAgainAsync();
        await Eventually.Async(async () => (await new BoardClient(feed, caller).SendAsync(HttpMethod.Get, "/api/v1/notices")).Body?["items"]?.AsArray().Count == 2, TimeSpan.FromSeconds(60));

        await feed.StopAppAsync();
        await feed.PublishAsync(BoardClient.Notice(account));
        await feed.StartAppAsync();
        await new BoardClient(feed, caller).ItemsAsync(3);
        Assert.Equal(2, (await new BoardClient(feed, caller).ReadAsync())["unread"]!.GetValue<int>());
    }
}
