using Hikyaku.Platform.Testing;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>A mail that the server does not take waits in the database, and what it will never take is given up.</summary>
[Trait("Rule", "NTC-1"), Trait("Rule", "REL-8")]
public sealed class Mail_server_outages
{
    private const string Wish = "/api/v1/me/notices-by-mail";

    [Fact, Trait("Rule", "REL-3")]
    public async Task Mail_waits_for_the_server_over_a_restart_of_the_feed_and_is_sent_once()
    {
        await using var server = await CapturingServer.StartAsync();
        await server.StopAsync();
        await using var feed = await StartAsync(server.Settings);
        var account = new Published_contracts(Published_contracts.NewDomain());
        var to = await WantedAsync(feed, account);
        await feed.PublishAsync(BoardClient.Notice(account, "first"));
        await Eventually.Async(async () => await Mailing_notices.WaitingAsync(feed, account) == 1);

        await feed.StopAppAsync();
        await feed.PublishAsync(BoardClient.Notice(account, "second"));
        await server.StartAgainAsync();
        await feed.StartAppAsync(server.Settings);

        Assert.Equal(["first", "second"], (await server.ToAsync(to, 2)).Select(m => m.Subject).Order());
        await Eventually.Async(async () => await Mailing_notices.WaitingAsync(feed, account) == 0);
        Assert.Equal(2, (await server.ToAsync(to)).Count);
    }

    [Theory]
    [InlineData("RCPT", "550 5.1.1 no such user", true)]
    [InlineData("RCPT", "556 5.1.10 a domain without mail", true)]
    [InlineData("RCPT", "553 5.7.1 not your sender address", false)] // as Postfix says it: a fault of the settings
    [InlineData("RCPT", "550 not now", false)]
    [InlineData(".", "554 5.7.1 not this message", false)]
    [InlineData("RCPT", "450 4.2.0 try again", false)]
    [InlineData(".", "452 4.3.1 no space", false)]
    [InlineData("MAIL", "550 5.1.8 not your address", false)]
    [InlineData("DATA", null, false)]
    public async Task A_mail_without_a_recipient_is_given_up_and_others_are_tried_again(string command, string? reply, bool isGivenUp)
    {
        await using var server = new AnsweringServer(line => line.StartsWith(command, StringComparison.Ordinal) ? reply : Usual(line));
        await using var feed = await StartAsync(server.Settings);
        var account = new Published_contracts(Published_contracts.NewDomain());
        await WantedAsync(feed, account);
        await feed.PublishAsync(BoardClient.Notice(account));

        const string Attempts = "select coalesce(sum(m.attempts + 1), 0)::bigint from notice_mail m join notice n on n.id = m.notice_id where n.account_id = $1";
        await Eventually.Async(() => server.Commands.Any(c => c.StartsWith(command, StringComparison.Ordinal)));
        Assert.Equal(isGivenUp ? 0L : 2L, await Eventually.Async(() => Mailing_notices.CountAsync(feed, Attempts, account.AccountId), n => n == (isGivenUp ? 0L : 2L)));
        await new BoardClient(feed, BoardClient.Admin(account.Domain)).ItemsAsync(1); // on the board it stays
    }

    [Fact]
    public async Task A_mail_that_the_server_does_not_take_does_not_hold_back_the_others()
    {
        await using var server = new AnsweringServer(line => line.Contains("broken@", StringComparison.Ordinal) ? null : Usual(line));
        await using var feed = await StartAsync(server.Settings);
        var account = new Published_contracts(Published_contracts.NewDomain());
        foreach (var to in new[] { "broken@elsewhere.example", "fine@elsewhere.example" })
            await new BoardClient(feed, BoardClient.Admin(account.Domain)).SendAsync(HttpMethod.Put, Wish, new { address = to });
        await feed.PublishAsync(BoardClient.Notice(account));

        await Eventually.Async(() => server.Commands.Any(c => c.Contains("fine@", StringComparison.Ordinal)), TimeSpan.FromSeconds(30));
        await Eventually.Async(async () => await Mailing_notices.WaitingAsync(feed, account) == 1);
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task A_notice_that_goes_while_its_mail_waits_is_not_sent()
    {
        await using var server = await CapturingServer.StartAsync();
        await server.StopAsync();
        await using var feed = await StartAsync(server.Settings);
        var (account, neighbour) = (new Published_contracts(Published_contracts.NewDomain()), new Published_contracts(Published_contracts.NewDomain()));
        var (to, other) = (await WantedAsync(feed, account), await WantedAsync(feed, neighbour));
        await feed.PublishAsync(BoardClient.Notice(account, "of the deleted"), BoardClient.Notice(neighbour, "of the neighbour"));
        await Eventually.Async(async () => await Mailing_notices.WaitingAsync(feed, account) == 1);
        await feed.PublishAsync(account.DeletionStarted());
        await Eventually.Async(async () => await Mailing_notices.WaitingAsync(feed, account) == 0);

        await server.StartAgainAsync();
        Assert.Equal("of the neighbour", Assert.Single(await server.ToAsync(other, 1)).Subject);
        Assert.Empty(await server.ToAsync(to));
    }

    private static async Task<FeedService> StartAsync(string[] settings)
        => await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), settings);

    private static async Task<string> WantedAsync(FeedService feed, Published_contracts account)
    {
        var to = Mailing_notices.NewAddress();
        await new BoardClient(feed, BoardClient.Admin(account.Domain)).SendAsync(HttpMethod.Put, Wish, new { address = to });
        return to;
    }

    private static string Usual(string line) => line.Split(' ')[0] switch
    {
        "EHLO" => "250 test",
        "DATA" => "354 go on",
        "QUIT" => "221 bye",
        _ => "250 2.0.0 ok",
    };
}
