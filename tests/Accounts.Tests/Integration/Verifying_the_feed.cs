using System.Text;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Builder;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>A service with some history, and a feed that first ran after that.</summary>
public sealed class VerifiedFeed : IAsyncLifetime
{
    private WebApplication _feed = null!;

    public AccountsService Accounts { get; } = new();

    public string Database { get; private set; } = "";

    /// <summary>An account that is older than the feed.</summary>
    public string Older { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await Accounts.InitializeAsync();
        Older = await Accounts.AccountAsync(await Accounts.DomainAsync());
        await Eventually.Async(PublishedAsync);
        Database = await PostgresServer.NewDatabaseAsync();
        await StartFeedAsync();
        await AccountAsync();
        await ScalarAsync("create table kept (like recorded_event)");
    }

    public async ValueTask DisposeAsync()
    {
        await StopFeedAsync();
        await Accounts.DisposeAsync();
    }

    public async Task StartFeedAsync()
    {
        _feed = Feed.Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={Database}", $"--Hikyaku:Rabbit={Accounts.VirtualHost}",
            "--Logging:LogLevel:Default=Warning", .. Accounts.Keys.ForService(),
        ]);
        await _feed.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(_feed.Urls.First()) };
        await Eventually.Async(async () => (await http.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
    }

    public async Task StopFeedAsync()
    {
        await _feed.StopAsync();
        await _feed.DisposeAsync();
    }

    /// <summary>An account with one change, all of it recorded, as is everything else.</summary>
    public async Task<(string Address, string Id)> AccountAsync()
    {
        var address = await Accounts.AccountAsync(await Accounts.DomainAsync());
        var id = (await Accounts.TargetAsync(address))!.AccountId;
        await ChangeAsync(address, 200);
        await Eventually.Async(async () => await ScalarAsync("select count(*) from recorded_event where account_id = @id", ("id", id)), n => n is 2L, TimeSpan.FromSeconds(60));
        Assert.Empty((await VerifyAsync(seconds: 60)).Disagreements);
        return (address, id);
    }

    public Task ChangeAsync(string address, int capacityMb) => Accounts.SendAsync(HttpMethod.Patch, $"/api/v1/accounts/{address}", new { capacityMb });

    public async Task<object?> ScalarAsync(string sql, params (string Name, object Value)[] parameters)
    {
        await using var source = NpgsqlDataSource.Create(Database);
#pragma warning disable CA2100 // the tests' own statements
        await using var command = source.CreateCommand(sql);
#pragma warning restore CA2100
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return await command.ExecuteScalarAsync();
    }

    public Task<Outcome> VerifyAsync(double seconds = 0)
        => VerifiedService.VerifyAsync(new(Accounts.Database, new Dictionary<string, string>(), TimeSpan.FromSeconds(seconds), Database));

    public async Task<string[]> FoundAsync(string where = "feed") => [.. (await VerifyAsync()).Disagreements.Where(d => d.Where == where).Select(d => d.ToString())];

    // Nothing is left for a feed to hear.
    private async Task<bool> PublishedAsync()
    {
        await using var source = NpgsqlDataSource.Create(Accounts.Database);
        await using var command = source.CreateCommand("select (select max(last_seq_id) from mt_event_progression where name <> 'HighWaterMark') = (select max(seq_id) from mt_events)");
        return await command.ExecuteScalarAsync() is true;
    }
}

/// <summary>What <c>hikyaku verify</c> finds in the feed. Each test mends what it has damaged.</summary>
[Trait("Rule", "OPS-2"), Trait("Rule", "REL-6")]
public sealed class Verifying_the_feed(VerifiedFeed platform) : IClassFixture<VerifiedFeed>
{
    private const string Capacity = "accounts.mail-account-capacity-changed";

    [Fact, Trait("Rule", "OPS-6")]
    public async Task Events_from_before_the_feed_and_erased_events_are_no_disagreement()
    {
        var (address, id) = await platform.AccountAsync();
        await platform.Accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}");
        await Eventually.Async(async () => await platform.ScalarAsync("select count(*) from recorded_event where account_id = @id and erased", ("id", id)), n => n is 3L);
        var older = (await platform.Accounts.TargetAsync(platform.Older))!.AccountId;
        Assert.Equal(0L, await platform.ScalarAsync("select count(*) from recorded_event where account_id = @id", ("id", older)));
        await platform.ChangeAsync(platform.Older, 150);
        Assert.Equal(
            platform.Older.Split('@')[1],
            await Eventually.Async(() => platform.ScalarAsync("select domain from recorded_event where account_id = @id", ("id", older)), d => d is not null)); // its administrators see it

        var outcome = await platform.VerifyAsync(seconds: 20);
        Assert.Empty(outcome.Disagreements);
        Assert.Matches(@"^\d+ streams of \d+ events; feed of \d+ events: no disagreement$", outcome.Summary);
    }

    [Theory]
    [InlineData("delete from recorded_event where event_id = @event", "{id}: event 2 (accounts.mail-account-capacity-changed.v1) is not recorded")]
    [InlineData("update recorded_event set type = 'accounts.domain-added' where event_id = @event", "{id}: event 2 (accounts.mail-account-capacity-changed.v1) is recorded as accounts.domain-added")]
    [InlineData(
        "insert into recorded_event (event_id, type, source, subject, at, account_id, data) select @stray, type, source, subject, at, account_id, data from recorded_event where event_id = @event",
        "{stray}: it is recorded and not in the history")]
    [InlineData(
        """
        alter table recorded_event drop constraint recorded_event_event_id_key;
        insert into recorded_event (event_id, type, source, subject, at, account_id, data) select event_id, type, source, subject, at, account_id, data from recorded_event where event_id = @event
        """,
        "{event}: it is recorded twice")]
    public async Task A_damage_is_found_and_named(string sql, string found)
    {
        var (_, id) = await platform.AccountAsync();
        var (stray, e) = (Guid.NewGuid(), (Guid)(await platform.ScalarAsync("select event_id from recorded_event where account_id = @id and type = @type", ("id", id), ("type", Capacity)))!);
        await platform.ScalarAsync("insert into kept select * from recorded_event where account_id = @id", ("id", id));
        await platform.ScalarAsync(sql, ("event", e), ("stray", stray));

        Assert.Equal(
            [$"feed: {found.Replace("{id}", id, StringComparison.Ordinal).Replace("{event}", $"{e}", StringComparison.Ordinal).Replace("{stray}", $"{stray}", StringComparison.Ordinal)}"],
            await platform.FoundAsync());
        await platform.ScalarAsync(
            """
            delete from recorded_event where account_id = @id;
            insert into recorded_event select * from kept where account_id = @id;
            alter table recorded_event drop constraint if exists recorded_event_event_id_key;
            alter table recorded_event add constraint recorded_event_event_id_key unique (event_id)
            """, ("id", id));
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task An_event_that_still_tells_of_somebody_whose_account_is_deleted_is_found()
    {
        var (address, id) = await platform.AccountAsync();
        await platform.Accounts.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{address}");
        await Eventually.Async(async () => await platform.ScalarAsync("select count(*) from recorded_event where account_id = @id and erased", ("id", id)), n => n is 3L);
        var left = await platform.ScalarAsync("update recorded_event set erased = false where account_id = @id and type = @type returning event_id", ("id", id), ("type", Capacity));
        Assert.Equal([$"feed: {left}: it tells of a person whose account is deleted"], await platform.FoundAsync());
        await platform.ScalarAsync("update recorded_event set erased = true where account_id = @id", ("id", id));
    }

    [Theory, Trait("Rule", "NTC-1")]
    [InlineData("delete from notice where account_id = @id", "{id}: no notice tells of it")]
    [InlineData("update notice set account_id = 'other' where account_id = @id", "{id}: the notice of its event tells of other")]
    [InlineData("update notice set id = gen_random_uuid() where account_id = @id", "{id}: a notice tells what is not in the history", "{id}: no notice tells of it")]
    [InlineData("update account set erased = true where account_id = @id", "{id}: a notice tells of a person whose account is deleted")]
    [InlineData("delete from notice where job_id = @job", "{job}: no notice tells of it")]
    [InlineData("insert into notice select gen_random_uuid(), 'x', at, kind, domain, null, null, 'accounts-' || id, true, true, false, null, texts, read_by from notice where job_id = @job", "accounts-{end}: a notice tells what is not in the history")]
    public async Task A_damage_to_the_message_board_is_found_and_named(string sql, params string[] found)
    {
        var (address, id) = await platform.AccountAsync();
        await platform.Accounts.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{address}/force-password-change", new { reason = "abuse" });
        using var noFile = new StringContent("x", Encoding.UTF8, "text/csv");
        var begun = await platform.Accounts.SendAsync(HttpMethod.Post, $"/api/v1/domains/{address.Split('@')[1]}/imports", noFile);
        var job = begun.Body!["id"]!.GetValue<string>();
        await Eventually.Async(async () => await platform.ScalarAsync("select count(*) from notice where account_id = @id or job_id = @job", ("id", id), ("job", job)), n => n is 2L, TimeSpan.FromSeconds(30));
        var end = await platform.ScalarAsync("select id::text from notice where job_id = @job", ("job", job));
        Assert.Empty(await platform.FoundAsync("message board"));
        await platform.ScalarAsync("create table kept_notice as select * from notice where account_id = @id or job_id = @job", ("id", id), ("job", job));
        await platform.ScalarAsync(sql, ("id", id), ("job", job));

        Assert.Equal(
            found.Select(f => $"message board: {f.Replace("{id}", id, StringComparison.Ordinal).Replace("{job}", job, StringComparison.Ordinal).Replace("{end}", $"{end}", StringComparison.Ordinal)}"),
            await platform.FoundAsync("message board"));
        await platform.ScalarAsync(
            """
            delete from notice where id in (select id from kept_notice) or slot in (select slot from kept_notice) or slot = 'x';
            insert into notice select * from kept_notice;
            drop table kept_notice;
            update account set erased = false where account_id = @id
            """, ("id", id));
    }

    [Fact]
    public async Task A_feed_that_lags_behind_is_waited_for_and_then_told_of()
    {
        var (address, id) = await platform.AccountAsync();
        await platform.StopFeedAsync();
        await platform.ChangeAsync(address, 300);
        string[] lag = [$"feed: {id}: event 3 ({Capacity}.v1) is not recorded"];
        Assert.Equal(lag, await platform.FoundAsync());

        var verifying = platform.VerifyAsync(seconds: 60);
        await platform.StartFeedAsync();
        Assert.Empty((await verifying).Disagreements);
    }
}
