using System.Collections.Concurrent;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Accounts;
using MassTransit;
using Npgsql;
using static Hikyaku.Platform.Testing.ServiceUnderTest;

namespace Hikyaku.Restrictions.Tests.Integration;

/// <summary>The service is killed (SIGKILL) between a fact and what follows from it; another one goes on, and nothing counts twice.</summary>
[Trait("Rule", "RST-2"), Trait("Rule", "REL-1")]
public sealed class Killed_services(RestrictionsService service) : IClassFixture<RestrictionsService>, IAsyncLifetime
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);

    private readonly Target _account = NewAccount();
    private readonly ConcurrentDictionary<Guid, string> _told = [];
    private IBusControl _others = null!;
    private NpgsqlDataSource _database = null!;

    public async ValueTask InitializeAsync()
    {
        // A connection that is closed is over, and what it has locked is free.
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(service.Database) { Pooling = false });
        _others = await Listener.StartAsync(service.VirtualHost, e => e.Handler<Contracts.AccountRestricted>(c =>
        {
            _told[c.Message.EventId] = c.Message.AccountId;
            return Task.CompletedTask;
        }));
        await service.StopAsync(); // from here on it is a process of its own, which can be killed
    }

    public async ValueTask DisposeAsync()
    {
        await _others.StopAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Killed_between_the_fact_and_the_decision_it_decides_once_afterwards()
    {
        await using (var turn = await _database.OpenConnectionAsync())
        {
            // Decisions about an account take turns (AbuseJudge); this one's turn is taken.
            await ExecuteAsync(turn, $"select pg_advisory_lock(hashtextextended({_account.AccountId}, 3))");
            await using var killed = service.StartToKill();
            await FailAsync(_account);
            await Eventually.Async(async () => await FactsAsync() == 10 && await AskAsync($"select count(*) from pg_stat_activity where datname = current_database() and wait_event = 'advisory' and query like '%hashtextextended%'") == 1, Long);
            await killed.StopAsync();
            Assert.Equal(0, await DecisionsAsync());
        }

        await AssertLockedOnceAsync();
    }

    [Fact]
    public async Task Killed_between_the_decision_and_its_publication_it_tells_once_afterwards()
    {
        await using (var killed = service.StartToKill())
        {
            var before = NewAccount();
            await FailAsync(before);
            await Eventually.Async(() => _told.Values.Contains(before.AccountId), Long);
            await using var holder = await _database.OpenConnectionAsync();
            await using var holding = await holder.BeginTransactionAsync();
            // The daemon publishes events when it has noted that they are there.
            await ExecuteAsync(holder, $"lock table mt_event_progression in exclusive mode");
            await FailAsync(_account);
            await Eventually.Async(async () => await DecisionsAsync() == 1
                && await AskAsync($"select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%mt_event_progression%'") > 0, Long);
            await killed.StopAsync();
            Assert.DoesNotContain(_account.AccountId, _told.Values);
        }

        await AssertLockedOnceAsync();
    }

    private async Task AssertLockedOnceAsync()
    {
        await service.StartAsync();
        await service.HoldAsync(_account, Kinds.AccountLocked);
        await Eventually.Async(() => _told.Values.Contains(_account.AccountId));
        // Whatever it was told again is dealt with when what comes after it is.
        var after = NewAccount();
        await FailAsync(after);
        await Eventually.Async(() => _told.Values.Contains(after.AccountId));
        Assert.Equal((10, 1), (await FactsAsync(), await DecisionsAsync()));
        Assert.Single(_told.Values, _account.AccountId);
        Assert.Equal(10, (int)(await service.ReadAsync(_account)).Single()!["evidence"]!.AsArray().Single()!["counted"]!["signs"]![0]!["value"]!);
        var state = (await service.ListAsync()).Split('\n').Single(l => l.Contains(_account.AccountId, StringComparison.Ordinal));
        Assert.Equal(2, state.Split("\"kind\"").Length);
    }

    private Task FailAsync(Target account) => _others.Publish(
        new LoginsObserved(Node, [.. Enumerable.Range(0, 10).Select(i => RestrictionsService.Login(account, "10.17.0.7", false, DateTimeOffset.UtcNow, $"p{i}"))]));

    private Task<long> FactsAsync() => AskAsync($"select count(*) from login where account_id = {_account.AccountId}");

    private Task<long> DecisionsAsync() => AskAsync($"select count(*) from mt_events where stream_id = {_account.AccountId}");

    private Task<long> AskAsync(FormattableString sql) => _database.ValueAsync<long>(sql, TestContext.Current.CancellationToken);

    private static async Task ExecuteAsync(NpgsqlConnection connection, FormattableString sql)
    {
        await using var command = Sql.Command(sql);
        command.Connection = connection;
        await command.ExecuteNonQueryAsync();
    }
}
