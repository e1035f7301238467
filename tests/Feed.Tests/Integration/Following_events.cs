using System.Net;
using System.Text.Json.Nodes;
using Hikyaku.Platform;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "OPS-2")]
public sealed class Following_events(FeedFixture fixture)
{
    private readonly FeedService _feed = fixture.Feed;

    [Fact]
    public async Task An_event_arrives_as_a_CloudEvent_with_what_its_contract_told()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var created = account.Created();
        await using var stream = await _feed.FollowAsync($"?domain={account.Domain}");
        await _feed.PublishAsync(created, account.Capacity(200));

        var (first, second) = (await stream.NextAsync(), await stream.NextAsync());

        Assert.Equal("1.0", Text(first, "specversion"));
        Assert.Equal(created.EventId.ToString(), Text(first, "id"));
        Assert.Equal("accounts.mail-account-created", Text(first, "type"));
        Assert.Equal("urn:hikyaku:accounts", Text(first, "source"));
        Assert.Equal(account.Address, Text(first, "subject"));
        Assert.Equal(created.At.UtcDateTime, first["time"]!.GetValue<DateTime>(), TimeSpan.FromMilliseconds(1));
        Assert.Equal("application/json", Text(first, "datacontenttype"));
        Assert.Equal(account.Address, Text(first["data"]!, "address"));
        Assert.Equal(100, first["data"]!["capacityMb"]!.GetValue<int>());
        Assert.Equal("operator", Text(first["data"]!["by"]!, "role"));
        Assert.Equal(account.Address, Text(second, "subject")); // its contract tells the id alone
        Assert.True(Position(first) < Position(second));
    }

    [Fact]
    public async Task It_is_resumed_after_any_position_and_what_is_resumed_is_what_was_missed()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var contracts = Enumerable.Range(1, 20).Select(n => account.Capacity(n)).Prepend<object>(account.Created()).ToArray();
        await _feed.RecordAsync(contracts);
        List<JsonNode> all;
        await using (var stream = await _feed.FollowAsync($"?after=0&domain={account.Domain}")) all = await stream.TakeAsync(21);

        foreach (var at in new[] { 0, 7, 19 })
        {
            await using var after = await _feed.FollowAsync($"?domain={account.Domain}&after={Text(all[at], "position")}");
            Assert.Equal(Ids(all[(at + 1)..]), Ids(await after.TakeAsync(20 - at)));
            await using var resumed = await _feed.FollowAsync($"?domain={account.Domain}&after=0", lastEventId: Text(all[at], "position"));
            Assert.Equal(Ids(all[(at + 1)..]), Ids(await resumed.TakeAsync(20 - at)));
        }

        Assert.Equal(Enumerable.Range(1, 20), all.Skip(1).Select(e => e["data"]!["capacityMb"]!.GetValue<int>()));
    }

    [Fact]
    public async Task Without_a_position_it_begins_now_and_can_be_resumed_before_anything_has_come()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        await _feed.RecordAsync(account.Created());
        await using var stream = await _feed.FollowAsync($"?domain={account.Domain}");
        await _feed.RecordAsync(account.Capacity(1));
        Assert.Equal(1, (await stream.NextAsync())["data"]!["capacityMb"]!.GetValue<int>());

        string from;
        await using (var quiet = await _feed.FollowAsync($"?domain={account.Domain}"))
        {
            await _feed.RecordAsync(account.Capacity(2));
            await quiet.NextAsync();
            from = quiet.LastEventId;
        }

        await _feed.RecordAsync(account.Capacity(3));
        await using var resumed = await _feed.FollowAsync($"?domain={account.Domain}", lastEventId: from);
        Assert.Equal(3, (await resumed.NextAsync())["data"]!["capacityMb"]!.GetValue<int>());
    }

    [Fact]
    public async Task The_first_thing_sent_is_a_position_to_resume_from()
    {
        using var answer = await _feed.GetAsync("", _feed.OperatorToken);
        using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync());

        Assert.StartsWith("retry: ", await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(10)), StringComparison.Ordinal);
        Assert.Matches("^id: [0-9]+$", await reader.ReadLineAsync());
        Assert.Equal("", await reader.ReadLineAsync());
    }

    [Fact]
    public async Task It_is_filtered_by_domain_account_and_type()
    {
        var (taro, hanako, other) = (new Published_contracts(Published_contracts.NewDomain()), (Published_contracts?)null, new Published_contracts(Published_contracts.NewDomain()));
        hanako = new Published_contracts(taro.Domain, "hanako");
        await _feed.RecordAsync(
            taro.Created(), hanako.Created(), other.Created(), taro.Capacity(1), other.Capacity(2), hanako.Capacity(3), taro.PasswordChanged(), other.PasswordChanged());

        Assert.Equal(["created", "created", "1", "3", "password"], await SeenAsync($"?after=0&domain={taro.Domain}", 5));
        Assert.Equal(["created", "1", "password"], await SeenAsync($"?after=0&account={taro.Address.ToUpperInvariant()}", 3));
        Assert.Equal(["created", "2", "password"], await SeenAsync($"?after=0&account={other.AccountId}", 3));
        Assert.Equal(["1", "3"], await SeenAsync($"?after=0&domain={taro.Domain}&type=accounts.mail-account-capacity-changed", 2));
        Assert.Equal(["1", "password"], await SeenAsync($"?after=0&account={taro.Address}&type=accounts.mail-account-capacity-changed,accounts.mail-account-password-changed", 2));
    }

    [Fact]
    public async Task Every_parameter_that_cannot_be_read_is_named()
    {
        using var answer = await _feed.GetAsync("?after=-1&domain=a%20b&account=nobody&type=accounts.unheard-of", _feed.OperatorToken, "abc");
        var problem = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(["after", "Last-Event-ID", "domain", "account", "type"], problem["errors"]!.AsArray().Select(e => Text(e!, "field")));
        Assert.All(problem["errors"]!.AsArray(), e => Assert.Equal("request.bad-parameter", Text(e!, "code")));
    }

    [Theory]
    [InlineData("1e3")]
    [InlineData("+1")]
    [InlineData("１")]
    [InlineData("9223372036854775808")]
    [InlineData("%00")]
    [InlineData("0;select")]
    public async Task A_position_is_digits(string after)
    {
        using var answer = await _feed.GetAsync($"?after={after}", _feed.OperatorToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_position_that_was_never_given_out_is_refused()
    {
        using var after = await _feed.GetAsync($"?after={long.MaxValue}", _feed.OperatorToken);
        using var header = await _feed.GetAsync("", _feed.OperatorToken, long.MaxValue.ToString(System.Globalization.CultureInfo.InvariantCulture));

        Assert.Equal(HttpStatusCode.BadRequest, after.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, header.StatusCode);
    }

    [Fact, Trait("Rule", "ROLE-1")]
    public async Task It_is_for_operators_and_administrators()
    {
        using var nobody = await _feed.GetAsync("", null);
        using var user = await _feed.GetAsync("", _feed.Token(Roles.User, "taro@example.jp"));
        using var admin = await _feed.GetAsync("", _feed.Token(Roles.Admin, "somebody"));

        Assert.Equal([HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden, HttpStatusCode.OK], [nobody.StatusCode, user.StatusCode, admin.StatusCode]);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task An_administrator_sees_their_domains_whatever_they_ask_for()
    {
        var (own, others) = (new Published_contracts(Published_contracts.NewDomain()), new Published_contracts(Published_contracts.NewDomain()));
        var token = _feed.Token(Roles.Admin, "tsubaki", own.Domain);
        await _feed.RecordAsync(others.Created(), own.Created(), Published_contracts.StaffPassword("somebody"), others.Capacity(1), own.Capacity(2));

        Assert.Equal(["created", "2"], await SeenAsync("?after=0", 2, token));
        await using var theirs = await _feed.FollowAsync($"?after=0&domain={others.Domain}", token);
        await using var theirAccount = await _feed.FollowAsync($"?after=0&account={others.Address}", token);
        await using var live = await _feed.FollowAsync("", token);
        await _feed.RecordAsync(others.Capacity(3), own.Capacity(4));
        Assert.Equal(4, (await live.NextAsync())["data"]!["capacityMb"]!.GetValue<int>());
        Assert.Empty(await EndedAsync(theirs));
        Assert.Empty(await EndedAsync(theirAccount));

        async Task<List<JsonNode>> EndedAsync(Following stream)
        {
            await _feed.PublishAsync(Published_contracts.StaffPassword("tsubaki"));
            return await stream.UntilEndAsync();
        }
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task Who_is_dismissed_is_shown_out_and_an_old_token_does_not_bring_the_domain_back()
    {
        var (kept, taken) = (new Published_contracts(Published_contracts.NewDomain()), new Published_contracts(Published_contracts.NewDomain()));
        var login = $"a{Guid.NewGuid():N}";
        var token = _feed.Token(Roles.Admin, login, kept.Domain, taken.Domain);
        await _feed.RecordAsync(Published_contracts.Appointed(kept.Domain, login), Published_contracts.Appointed(taken.Domain, login), kept.Created(), taken.Created());
        await using var stream = await _feed.FollowAsync("", token);

        await _feed.RecordAsync(Published_contracts.Dismissed(taken.Domain, login));
        await stream.UntilEndAsync();
        await _feed.RecordAsync(taken.Capacity(1), kept.Capacity(2));
        Assert.Equal(["created", "2"], await SeenAsync("?after=0&type=accounts.mail-account-created,accounts.mail-account-capacity-changed", 2, token));

        await _feed.RecordAsync(Published_contracts.Appointed(taken.Domain, login));
        Assert.Equal(["created", "created", "1", "2"], await SeenAsync("?after=0&type=accounts.mail-account-created,accounts.mail-account-capacity-changed", 4, token));
    }

    private async Task<List<string>> SeenAsync(string query, int count, string? token = null)
    {
        await using var stream = await _feed.FollowAsync(query, token);
        return [.. (await stream.TakeAsync(count)).Select(e => e["data"]!["capacityMb"] is { } capacity && Text(e, "type") != "accounts.mail-account-created"
            ? capacity.ToJsonString()
            : Text(e, "type").Contains("password", StringComparison.Ordinal) ? "password" : "created")];
    }

    private static string Text(JsonNode node, string field) => node[field]!.GetValue<string>();

    private static long Position(JsonNode e) => long.Parse(Text(e, "position"), System.Globalization.CultureInfo.InvariantCulture);

    private static List<string> Ids(IEnumerable<JsonNode> events) => [.. events.Select(e => Text(e, "id"))];
}
