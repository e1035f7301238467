using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "OPS-2"), Trait("Rule", "REL-3")]
public sealed class Recording_events(FeedFixture fixture)
{
    private readonly FeedService _feed = fixture.Feed;

    [Fact]
    public async Task An_event_that_the_broker_delivers_again_is_recorded_once()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var (created, first, last) = (account.Created(), account.Capacity(1), account.Capacity(2));
        await _feed.PublishAsync(created, first, created, first, first, last);

        await _feed.RecordedAsync([created, first, last]);
        Assert.Equal(3, (await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10)).Count);
    }

    [Fact, Trait("Rule", "ROLE-2")]
    public async Task The_next_event_of_an_account_older_than_the_feed_gives_all_their_domain()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var token = _feed.Token(Platform.Roles.Admin, $"a{Guid.NewGuid():N}", account.Domain);
        await _feed.RecordAsync(account.Capacity(1) with { Domain = null }); // as an earlier version told it
        await _feed.RecordAsync(account.Capacity(2));

        await Eventually.Async(async () =>
        {
            await using var stream = await _feed.FollowAsync("?after=0", token);
            return (await stream.NextAsync())["data"]!["capacityMb"]!.GetValue<int>() == 1;
        });

        await _feed.RecordAsync(account.DeletionStarted());
        var recorded = await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10);
        Assert.Equal([true, true, true], recorded.Select(e => e.Erased));
    }

    [Fact]
    public async Task Earlier_events_of_an_account_that_is_told_of_late_get_domain_and_address()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var created = account.Created();
        await _feed.RecordAsync(account.Capacity(1) with { Domain = null });
        Assert.Empty(await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10));

        await _feed.RecordAsync(created);

        Assert.All(await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10), e => Assert.Equal(account.Address, e.Subject));
        Assert.Equal(2, (await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10)).Count);
    }

    [Fact]
    public async Task A_position_is_not_seen_before_those_that_were_given_out_earlier()
    {
        await using var source = NpgsqlDataSource.Create(_feed.Database);
        await using var connection = await source.OpenConnectionAsync();
        await using var slow = await connection.BeginTransactionAsync();
        // Another process of the feed: it has its position and does not commit.
        await using var insert = new NpgsqlCommand(
            """
            select pg_advisory_xact_lock(1717921124);
            insert into recorded_event (event_id, type, source, subject, at, domain, data) values (gen_random_uuid(), 'test.slow', 'test', 'test', now(), 'slow.example', '{"by": {}}') returning position
            """, connection, slow);
        await using (var reader = await insert.ExecuteReaderAsync())
        {
            await reader.NextResultAsync();
            Assert.True(await reader.ReadAsync());
        }

        var account = new Published_contracts(Published_contracts.NewDomain());
        var append = _feed.Log.AppendAsync([NewEvent.Of(account.Created(), null)], CancellationToken.None);
        await Eventually.Async(async () =>
        {
            await using var waiting = source.CreateCommand("select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())");
            return (long)(await waiting.ExecuteScalarAsync())! > 0;
        });
        Assert.Empty(await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10));
        await slow.CommitAsync();
        await append;

        var events = await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain, "slow.example"]), 10);
        Assert.Equal(["slow.example", account.Domain], events.Select(e => e.Domain));
    }

    [Fact]
    public async Task Who_reads_on_by_position_while_many_write_misses_nothing_and_sees_nothing_twice()
    {
        const int writers = 6, batches = 25, events = 4;
        var account = new Published_contracts(Published_contracts.NewDomain());
        await _feed.Log.AppendAsync([NewEvent.Of(account.Created(), null)], CancellationToken.None);
        var written = Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            for (var n = 0; n < batches; n++)
                await _feed.Log.AppendAsync([.. Enumerable.Range(0, events).Select(i => NewEvent.Of(account.Capacity(i), null))], CancellationToken.None);
        })));

        var seen = new List<FeedEvent>();
        for (var ended = false; !ended;)
        {
            ended = written.IsCompleted; // what is read after that is all
            IReadOnlyList<FeedEvent> page;
            do
            {
                page = await _feed.Log.ReadAsync(seen.Count > 0 ? seen[^1].Position : 0, new FeedFilter([account.Domain]), 50);
                seen.AddRange(page);
            }
            while (page.Count > 0);
        }

        await written;
        Assert.Equal(1 + (writers * batches * events), seen.Count);
        Assert.Equal(seen.Count, seen.Select(e => e.Id).Distinct().Count());
        Assert.Equal(seen.Select(e => e.Position).Order(), seen.Select(e => e.Position));
    }

    [Fact]
    public async Task Of_an_account_that_many_are_told_of_at_once_the_order_is_kept()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var contracts = Enumerable.Range(1, 400).Select(n => account.Capacity(n)).Prepend<object>(account.Created()).ToArray();
        await _feed.RecordAsync(contracts);

        var recorded = await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 500);
        Assert.Equal(contracts.Select(c => NewEvent.Of(c, null).Id), recorded.Select(e => e.Id));
    }
}
