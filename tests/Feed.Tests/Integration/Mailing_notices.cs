using System.Net;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MimeKit;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>A feed with a mail server that keeps what it takes.</summary>
public sealed class MailingFeed : IAsyncLifetime
{
    public FeedService Feed { get; private set; } = null!;

    internal CapturingServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Server = await CapturingServer.StartAsync();
        Feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), Server.Settings);
    }

    public async ValueTask DisposeAsync()
    {
        await Feed.DisposeAsync();
        await Server.DisposeAsync();
    }
}

/// <summary>Notices are sent by mail, too, where a login wants that.</summary>
[Trait("Rule", "NTC-1")]
public sealed class Mailing_notices(MailingFeed mailing) : IClassFixture<MailingFeed>
{
    private const string Wish = "/api/v1/me/notices-by-mail";
    private readonly FeedService _feed = mailing.Feed;
    private readonly CapturingServer _server = mailing.Server;

    [Fact]
    public async Task A_notice_is_sent_once_in_the_readers_language_and_stands_on_the_board()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var (to, admin) = (NewAddress(), new BoardClient(_feed, BoardClient.Admin(account.Domain)));
        var set = await admin.SendAsync(HttpMethod.Put, Wish, new { address = to.ToUpperInvariant() }, "ja");
        Assert.Equal((HttpStatusCode.OK, $$"""{"address":"{{to}}","language":"ja"}"""), (set.Status, set.Body!.ToJsonString()));
        Assert.Equal(set.Body.ToJsonString(), (await admin.SendAsync(HttpMethod.Get, Wish)).Body!.ToJsonString());

        var notice = BoardClient.Notice(account, "Look at it");
        await _feed.PublishAsync(notice, notice);
        var mail = Assert.Single(await _server.ToAsync(to, 1));
        Assert.Equal("お知らせ: Look at it", mail.TextBody!.Trim());
        Assert.Equal("auto-generated", mail.Headers[HeaderId.AutoSubmitted]);
        Assert.StartsWith($"{notice.NoticeId:N}.", mail.MessageId, StringComparison.Ordinal);
        Assert.Equal("notices@hikyaku.example", mail.From.ToString());

        await _feed.PublishAsync(notice, BoardClient.Notice(account, "last"));
        Assert.Equal(2, (await _server.ToAsync(to, 2)).Count); // of the first only one, though it was told three times
        Assert.Equal(2, (await admin.ItemsAsync()).Count);
        Assert.Equal(0, await WaitingAsync(_feed, account));
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Mail_goes_to_those_who_see_the_notice_on_the_board_and_to_nobody_else()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var started = $"op{Guid.NewGuid():N}"[..20];
        var readers = new (string To, Caller Caller, bool Gets)[]
        {
            (NewAddress(), BoardClient.Admin(account.Domain), true), (NewAddress(), BoardClient.Admin("other.example.jp"), false), (NewAddress(), BoardClient.Admin(), false),
            (NewAddress(), BoardClient.User(account), true), (NewAddress(), BoardClient.User(new Published_contracts(account.Domain, "hanako")), false),
            (NewAddress(), BoardClient.Operator with { Login = started }, true), (NewAddress(), BoardClient.Operator with { Login = $"op{Guid.NewGuid():N}"[..20] }, false),
        };
        foreach (var (to, caller, _) in readers) Assert.Equal(HttpStatusCode.OK, (await new BoardClient(_feed, caller).SendAsync(HttpMethod.Put, Wish, new { address = to, language = "en" })).Status);

        await _feed.PublishAsync(BoardClient.Notice(account) with { Audience = new(Administrators: true, Operators: false, Owner: true, StartedBy: started) });
        await _feed.PublishAsync(BoardClient.Notice(account, "to all operators") with { Audience = new(false, Operators: true) }); // sent after the first

        foreach (var (to, caller, gets) in readers)
        {
            string[] expected = [.. gets ? new[] { "Something happened" } : [], .. caller.Role == Roles.Operator ? new[] { "to all operators" } : []];
            var sent = await Eventually.Async(() => _server.ToAsync(to), m => m.Count >= expected.Length, TimeSpan.FromSeconds(30));
            Assert.Equal(expected, sent.Select(m => m.Subject).Order(StringComparer.Ordinal));
        }
    }

    [Fact, Trait("Rule", "ACC-8")]
    public async Task What_administrators_are_told_of_an_account_never_goes_to_its_own_mailbox()
    {
        var account = new Published_contracts(Published_contracts.NewDomain(), $"t{Guid.NewGuid():N}"[..12]);
        var (admin, elsewhere) = (new BoardClient(_feed, BoardClient.Admin(account.Domain)), NewAddress());
        await admin.SendAsync(HttpMethod.Put, Wish, new { address = account.Address });
        await new BoardClient(_feed, BoardClient.Admin(account.Domain)).SendAsync(HttpMethod.Put, Wish, new { address = elsewhere });
        await new BoardClient(_feed, BoardClient.User(account)).SendAsync(HttpMethod.Put, Wish, new { address = account.Address });
        await _feed.PublishAsync(BoardClient.Notice(account, "forced"));
        await _feed.PublishAsync(BoardClient.Notice(account, "for the user") with { Audience = new(false, false, Owner: true) });

        Assert.Equal("forced", Assert.Single(await _server.ToAsync(elsewhere, 1)).Subject);
        Assert.Equal("for the user", Assert.Single(await _server.ToAsync(account.Address, 1)).Subject);
        await admin.ItemsAsync(1); // on the board it is
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task A_dismissed_administrator_gets_no_more_mail_and_an_appointed_one_does()
    {
        var (account, later) = (new Published_contracts(Published_contracts.NewDomain()), new Published_contracts(Published_contracts.NewDomain()));
        var (to, caller) = (NewAddress(), BoardClient.Admin(account.Domain));
        await new BoardClient(_feed, caller).SendAsync(HttpMethod.Put, Wish, new { address = to });
        await _feed.RecordAsync(Published_contracts.Dismissed(account.Domain, caller.Login), Published_contracts.Appointed(later.Domain, caller.Login));
        await _feed.PublishAsync(BoardClient.Notice(account, "former domain"));
        await _feed.PublishAsync(BoardClient.Notice(later, "new domain"));

        Assert.Equal("new domain", Assert.Single(await _server.ToAsync(to, 1)).Subject);
        Assert.Equal(0, await WaitingAsync(_feed, account));
    }

    [Fact]
    public async Task No_mail_for_those_who_want_none_any_more_nor_of_notices_that_were_moved()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var (to, admin) = (NewAddress(), new BoardClient(_feed, BoardClient.Admin(account.Domain)));
        await admin.SendAsync(HttpMethod.Put, Wish, new { address = to });
        await _feed.PublishAsync(BoardClient.Notice(account, "moved") with { ReadBy = [] });
        await _feed.PublishAsync(BoardClient.Notice(account, "new"));
        Assert.Equal("new", Assert.Single(await _server.ToAsync(to, 1)).Subject);

        var off = await admin.SendAsync(HttpMethod.Put, Wish, new { address = (string?)null });
        Assert.Equal((HttpStatusCode.OK, "{}"), (off.Status, off.Body!.ToJsonString()));
        await _feed.PublishAsync(BoardClient.Notice(account, "later"));
        await admin.ItemsAsync(3);
        Assert.Equal(0, await WaitingAsync(_feed, account));
    }

    [Fact, Trait("Rule", "OPS-6"), Trait("Rule", "ACC-5")]
    public async Task Of_a_deleted_account_no_address_is_left_and_nobodys_mail_goes_to_it()
    {
        var account = new Published_contracts(Published_contracts.NewDomain(), $"t{Guid.NewGuid():N}"[..12]);
        await _feed.RecordAsync(account.Created());
        var user = new BoardClient(_feed, BoardClient.User(account));
        await user.SendAsync(HttpMethod.Put, Wish, new { address = NewAddress() });
        await new BoardClient(_feed, BoardClient.Admin(account.Domain)).SendAsync(HttpMethod.Put, Wish, new { address = account.Address });
        Assert.Equal(2L, await CountAsync(_feed, "select count(*) from notice_mail_wish where reader = $1 or address = $2", account.AccountId, account.Address));

        await _feed.PublishAsync(account.DeletionStarted());

        await Eventually.Async(async () => await CountAsync(_feed, "select count(*) from notice_mail_wish where reader = $1 or address = $2", account.AccountId, account.Address) == 0);
        Assert.Equal(HttpStatusCode.NotFound, (await user.SendAsync(HttpMethod.Put, Wish, new { address = NewAddress() })).Status);
    }

    [Theory, Trait("Rule", "GWY-3"), Trait("Rule", "SEC-2")]
    [InlineData("nobody", null, "notices.mail-address-invalid")]
    [InlineData("a@b@c.example", null, "notices.mail-address-invalid")]
    [InlineData("a\r\nBcc: eve@evil.example", null, "notices.mail-address-invalid")]
    [InlineData("a> RCPT TO:<eve@evil.example", null, "notices.mail-address-invalid")]
    [InlineData("\"a b\"@evil.example", null, "notices.mail-address-invalid")]
    [InlineData("a..b@evil.example", null, "notices.mail-address-invalid")]
    [InlineData("山田@evil.example", null, "notices.mail-address-invalid")]
    [InlineData("a@evil.example", "fr", "notices.language-unknown")]
    public async Task An_address_or_language_that_cannot_be_used_is_refused(string address, string? language, string code)
    {
        var refused = await new BoardClient(_feed, BoardClient.Admin()).SendAsync(HttpMethod.Put, Wish, new { address, language });
        Assert.Equal((HttpStatusCode.UnprocessableEntity, code), (refused.Status, refused.Body!["errors"]![0]!["code"]!.GetValue<string>()));
    }

    [Fact]
    public async Task A_platform_without_a_submission_says_so()
    {
        await using var feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync());
        var refused = await new BoardClient(feed, BoardClient.Admin()).SendAsync(HttpMethod.Put, Wish, new { address = NewAddress() });
        Assert.Equal((HttpStatusCode.Conflict, "notices.mail-not-sent"), (refused.Status, refused.Body!["errors"]![0]!["code"]!.GetValue<string>()));
    }

    internal static string NewAddress() => $"r{Guid.NewGuid():N}@elsewhere.example";

    internal static Task<long> WaitingAsync(FeedService feed, Published_contracts account)
        => CountAsync(feed, "select count(*) from notice_mail m join notice n on n.id = m.notice_id where n.account_id = $1", account.AccountId);

    internal static async Task<long> CountAsync(FeedService feed, string sql, params string[] values)
    {
        await using var source = NpgsqlDataSource.Create(feed.Database);
        await using var command = source.CreateCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return (long)(await command.ExecuteScalarAsync())!;
    }
}
