using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform.Testing;
using Npgsql;

namespace Hikyaku.Feed.Tests.Integration;

[Trait("Rule", "OPS-6"), Trait("Rule", "ACC-5")]
public sealed class Erasing_accounts(FeedFixture fixture)
{
    private readonly FeedService _feed = fixture.Feed;

    [Fact]
    public async Task A_deleted_account_is_erased_reported_and_its_events_stay_without_the_person()
    {
        var account = new Published_contracts(Published_contracts.NewDomain(), "secretary");
        var neighbour = new Published_contracts(account.Domain, "hanako");
        await using var live = await _feed.FollowAsync($"?domain={account.Domain}");
        await _feed.RecordAsync(account.Created(), neighbour.Created(), account.PasswordChanged(), neighbour.PasswordChanged());
        var before = await live.TakeAsync(4);
        Assert.Contains("secretary", before[2].ToJsonString(), StringComparison.Ordinal);

        var deletion = account.DeletionStarted();
        await _feed.RecordAsync(deletion);
        await ReportedAsync(account, 1);

        var kept = await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10);
        Assert.Equal(before.Select(e => e["id"]!.GetValue<string>()).Append(deletion.EventId.ToString()), kept.Select(e => e.Id.ToString()));
        Assert.Equal([true, false, true, false, true], kept.Select(e => e.Erased));
        Assert.All(kept.Where(e => e.Erased), e => Assert.Equal(account.AccountId, e.Subject));
        Assert.Equal(neighbour.Address, kept[1].Subject);
        await NothingOfAsync("secretary", "192.0.2.99", account);

        // Whoever follows anew gets it from the log, not from what was kept in memory.
        await using var again = await _feed.FollowAsync($"?after=0&domain={account.Domain}");
        Assert.DoesNotContain("secretary", string.Concat((await again.TakeAsync(5)).Select(e => e.ToJsonString())), StringComparison.Ordinal);
        await using var near = await _feed.FollowAsync($"?after={before[0]["position"]!.GetValue<string>()}&domain={account.Domain}");
        Assert.DoesNotContain("secretary", string.Concat((await near.TakeAsync(4)).Select(e => e.ToJsonString())), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_late_is_recorded_without_the_person_in_whatever_order_it_comes()
    {
        var account = new Published_contracts(Published_contracts.NewDomain(), "latecomer");
        var (created, changed, deletion, again) = (account.Created(), account.PasswordChanged(), account.DeletionStarted(), account.PasswordChanged());
        await _feed.RecordAsync(deletion);
        await ReportedAsync(account, 1);
        await _feed.RecordAsync(created, changed, again);

        Assert.Equal(4, (await _feed.Log.ReadAsync(0, new FeedFilter(null, account.AccountId), 10)).Count(e => e.Erased && e.Domain == account.Domain));
        await NothingOfAsync("latecomer", "192.0.2.99", account);
    }

    [Fact]
    public async Task A_deletion_that_is_told_again_is_reported_again()
    {
        var account = new Published_contracts(Published_contracts.NewDomain());
        var deletion = account.DeletionStarted();
        await _feed.PublishAsync(account.Created(), deletion, deletion, deletion);

        await ReportedAsync(account, 3);
        await _feed.RecordedAsync([deletion]);
        Assert.Equal(1, await _feed.CountAsync([deletion]));
    }

    [Fact, Trait("Rule", "REL-3")]
    public async Task Erasures_in_any_order_and_number_leave_the_same_and_nothing_of_the_person()
    {
        var left = new HashSet<string>();
        var told = new List<Published_contracts>();
        var all = new List<object>();
        foreach (var order in Orders.Of([0, 1, 2, 3, 3]))
        {
            var account = new Published_contracts(Published_contracts.NewDomain(), "wanderer");
            object[] contracts = [account.Created(), account.PasswordChanged(), account.Capacity(1), account.DeletionStarted()];
            await _feed.PublishAsync(order.Select(i => contracts[i]).Concat(order.Take(2).Select(i => contracts[i])));
            told.Add(account);
            all.AddRange(contracts);
        }

        await _feed.RecordedAsync(all, TimeSpan.FromSeconds(60));
        foreach (var account in told)
        {
            await ReportedAsync(account, 2);
            var kept = await _feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10);
            left.Add(string.Join(' ', kept.Select(e => $"{e.Type} {e.Erased} {e.Subject == account.AccountId}").Order()));
            await NothingOfAsync("wanderer", "192.0.2.99", account);
        }

        Assert.Equal(4, Assert.Single(left).Split(" True True").Length - 1);
    }

    [Fact]
    public async Task Two_processes_that_record_at_the_same_time_leave_nothing_of_the_person()
    {
        var rabbit = await RabbitServer.SharedAsync();
        var host = await rabbit.AddVirtualHostAsync();
        await using var feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), host);
        await using var other = feed.NewProcess();
        var (told, all) = (new List<Published_contracts>(), new List<object>());
        await Eventually.Async(async () => (await rabbit.ConsumersAsync(host)).GetValueOrDefault("feed") > 1, TimeSpan.FromSeconds(60));
        for (var n = 0; n < 100; n++)
        {
            var account = new Published_contracts(Published_contracts.NewDomain(), "wanderer");
            object[] contracts = [account.Created(), account.PasswordChanged(), account.DeletionStarted(), account.PasswordChanged(), account.Capacity(1)];
            await Task.WhenAll(contracts.Select(c => feed.PublishAsync(c)));
            told.Add(account);
            all.AddRange(contracts);
        }

        await feed.RecordedAsync(all, TimeSpan.FromSeconds(60));
        foreach (var account in told) await ReportedAsync(feed, account, 1);
        foreach (var account in told)
        {
            Assert.Equal(5, (await feed.Log.ReadAsync(0, new FeedFilter([account.Domain]), 10)).Count(e => e.Erased && e.Subject == account.AccountId));
            await NothingOfAsync(feed, "wanderer", "192.0.2.99", account);
        }
    }

    private Task<int> ReportedAsync(Published_contracts account, int times) => ReportedAsync(_feed, account, times);

    private static Task<int> ReportedAsync(FeedService feed, Published_contracts account, int times) => Eventually.Async(() =>
    {
        lock (feed.Erased) return feed.Erased.Count(e => e == new AccountErased(account.AccountId, "feed"));
    }, n => n >= times);

    private Task NothingOfAsync(string name, string source, Published_contracts account) => NothingOfAsync(_feed, name, source, account);

    // In the whole database, so that no table is forgotten.
    private static async Task NothingOfAsync(FeedService feed, string name, string source, Published_contracts account)
    {
        await using var database = NpgsqlDataSource.Create(feed.Database);
        await using var command = database.CreateCommand(
            """
            select (select count(*) from recorded_event e where (e.account_id = $1 or e.domain = $2) and (e::text like '%' || $3 || '%' or e::text like '%' || $4 || '%' and e.account_id = $1))
                 + (select count(*) from account a where a::text like '%' || $3 || '%')
            """);
        foreach (var value in new[] { account.AccountId, account.Domain, name, source }) command.Parameters.Add(new() { Value = value });
        Assert.Equal(0L, await command.ExecuteScalarAsync());
    }
}
