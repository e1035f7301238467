using Hikyaku.Platform.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Xunit;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>Tables of facts on a real PostgreSQL.</summary>
[Trait("Rule", "OPS-7")]
public sealed class Facts_in_days : IAsyncLifetime
{
    private static readonly FactKind<Sighting> Sightings = new("sighting", "personal", "Tells where parcels were.", 3, s => s.At, s => s.Id)
    {
        AccountColumn = "account_id",
        Columns =
        [
            FactColumn.Text<Sighting>("account_id", s => s.Account), FactColumn.Text<Sighting>("place", s => s.Place, required: true),
            FactColumn.Number<Sighting>("steps", s => s.Steps), FactColumn.Fraction<Sighting>("weight", s => s.Weight),
        ],
        Indexes = "create index if not exists sighting_account on sighting (account_id, at);",
    };

    private readonly SteppedTime _time = new();
    private NpgsqlDataSource _database = null!;
    private ServiceProvider _program = null!;

    private DateTimeOffset Now => _time.GetUtcNow();

    private FactTable<Sighting> Table => _program.GetRequiredService<FactTable<Sighting>>();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private sealed record Sighting(DateTimeOffset At, string Id, string? Account, string Place, long? Steps = null, double? Weight = null);

    public async ValueTask InitializeAsync()
    {
        _database = NpgsqlDataSource.Create(await PostgresServer.NewDatabaseAsync());
        _program = Program();
        await StartAsync(_program);
    }

    public async ValueTask DisposeAsync()
    {
        await _program.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Today_and_the_next_two_days_are_there_before_the_first_fact()
    {
        Assert.Equal([Day(0), Day(1), Day(2)], await Table.DaysAsync(Stop));
        await StartAsync(_program); // again
        await using var other = Program();
        await Task.WhenAll(StartAsync(other), StartAsync(_program));
        Assert.Equal([Day(0), Day(1), Day(2)], await Table.DaysAsync(Stop));
    }

    [Fact]
    public async Task A_batch_is_stored_once_with_all_that_it_says()
    {
        Sighting[] facts = [new(Now, "m.0", "a1", "Edo", 3, 0.5), new(Now, "m.1", null, "Osaka\0", null, null)];
        Assert.Equal(2, await Table.AddAsync("mail1", facts, Stop));
        Assert.Equal(0, await Table.AddAsync("mail1", facts, Stop));
        Assert.Equal(1, await Table.AddAsync("mail1", [.. facts, new(Now, "m.2", "a1", "Kyoto")], Stop));
        Assert.Equal(1, await Table.AddAsync("mail2", facts[..1], Stop)); // another node's
        Assert.Equal(
            [("mail1", "a1", "Edo", 3L, 0.5), ("mail1", null, "Osaka", null, null), ("mail1", "a1", "Kyoto", null, null), ("mail2", "a1", "Edo", 3L, 0.5)],
            await _database.ListAsync(
                $"select node, account_id, place, steps, weight from sighting order by node, id",
                r => (r.GetString(0), r.TextOrNull(1), r.GetString(2), r.IsDBNull(3) ? null : (long?)r.GetInt64(3), r.IsDBNull(4) ? null : (double?)r.GetDouble(4)), Stop));
    }

    [Fact]
    public async Task The_same_fact_told_twice_in_one_batch_or_at_once_is_stored_once()
    {
        Sighting[] facts = [.. Enumerable.Range(0, 500).Select(i => new Sighting(Now, $"m.{i % 250}", $"a{i % 7}", "Edo"))];
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Table.AddAsync("mail1", facts, Stop)));
        Assert.Equal(250, await CountAsync());
    }

    [Fact]
    public async Task Late_facts_come_to_their_own_day_whose_partition_is_made()
    {
        Assert.Equal(3, await Table.AddAsync("mail1", [At(-1, "late"), At(1, "early"), At(-3, "last day")], Stop));
        Assert.Equal([Day(-3), Day(-1), Day(0), Day(1), Day(2)], await Table.DaysAsync(Stop));
        Assert.Equal(1L, await _database.ValueAsync<long>($"select count(*) from sighting_20261123 where id = 'late'", Stop));
    }

    [Fact]
    public async Task Two_programs_make_the_partition_of_a_day_at_once()
    {
        await using var other = Program();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => (i % 2 == 0 ? _program : other).GetRequiredService<FactTable<Sighting>>().AddAsync("mail1", [At(-2, $"f{i}")], Stop)));
        Assert.Equal(8, await CountAsync());
    }

    [Fact]
    public async Task Facts_of_a_day_that_is_over_or_of_the_far_future_are_left_out()
    {
        Assert.Equal(1, await Table.AddAsync("mail1", [At(-4, "too old"), At(3, "to come"), At(4000, "a wrong clock"), At(0, "now")], Stop));
        Assert.Equal([Day(0), Day(1), Day(2)], await Table.DaysAsync(Stop));
        Assert.Equal(0, await Table.AddAsync("mail1", [At(-400, "alone")], Stop));
    }

    [Fact]
    public async Task A_day_is_dropped_when_its_time_is_over_and_not_before()
    {
        await Table.AddAsync("mail1", [At(0, "first"), At(1, "second")], Stop);
        _time.Pass(TimeSpan.FromDays(3));
        Assert.Equal(0, await Table.TendAsync(Stop));
        Assert.Equal(2, await CountAsync());
        _time.Pass(TimeSpan.FromDays(1));
        Assert.Equal(1, await Table.TendAsync(Stop));
        Assert.Equal(1, await CountAsync());
        Assert.Equal(0, await Table.AddAsync("mail1", [new(Now.AddDays(-4), "first", null, "Edo")], Stop)); // it does not come back
        _time.Pass(TimeSpan.FromDays(100));
        await Table.TendAsync(Stop);
        Assert.Equal(0, await CountAsync());
        Assert.Equal(3, (await Table.DaysAsync(Stop)).Count);
        Assert.Equal(1, await Table.AddAsync("mail1", [new(Now, "new", null, "Edo")], Stop));
    }

    [Fact]
    public async Task A_long_reader_puts_dropping_off_and_holds_up_no_new_fact()
    {
        await Table.AddAsync("mail1", [At(0, "first")], Stop);
        _time.Pass(TimeSpan.FromDays(4));
        await using var reader = await _database.OpenConnectionAsync(Stop);
        await using var transaction = await reader.BeginTransactionAsync(Stop);
        await using (var read = new NpgsqlCommand("select count(*) from sighting", reader, transaction)) await read.ExecuteScalarAsync(Stop);
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Table.TendAsync(Stop));
        Assert.Equal(PostgresErrorCodes.LockNotAvailable, refused.SqlState);
        await transaction.CommitAsync(Stop);
        Assert.Equal(1, await Table.TendAsync(Stop));
    }

    [Fact, Trait("Rule", "OPS-6")]
    public async Task Facts_of_a_deleted_account_go_and_late_ones_stay_out()
    {
        Sighting[] facts = [At(0, "1", "a1"), At(-1, "2", "a1"), At(0, "3", "a2"), At(0, "4")];
        await Table.AddAsync("mail1", facts, Stop);
        await _database.ExecuteAsync($"insert into erased_account (account_id) values ('a1')", Stop);
        Assert.Equal(2, await Table.EraseAsync("a1", Stop));
        Assert.Equal(0, await Table.AddAsync("mail1", facts, Stop));
        Assert.Equal(["3", "4"], await _database.ListAsync($"select id from sighting order by id", r => r.GetString(0), Stop));
    }

    [Fact]
    public async Task Reading_one_day_looks_into_its_partition_alone()
    {
        await Table.AddAsync("mail1", [At(-1, "1", "a1"), At(0, "2", "a1")], Stop);
        var plan = string.Join('\n', await _database.ListAsync($"explain select * from sighting where at >= '2026-11-24Z' and at < '2026-11-25Z' and account_id = 'a1'", r => r.GetString(0), Stop));
        Assert.Contains("sighting_20261124", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("sighting_20261123", plan, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_is_made_of_a_messages_id_and_the_place_in_it()
        => Assert.Equal("01a22749928a702aa0107ecda27a7cef.17", FactId.Of(Guid.Parse("01a22749-928a-702a-a010-7ecda27a7cef"), 17));

    private ServiceProvider Program()
    {
        var services = new ServiceCollection();
        services.AddSingleton(_database);
        services.AddSingleton<TimeProvider>(_time);
        services.AddLogging();
        services.AddHostedService<ErasedAccountsSchema>();
        services.AddFacts(Sightings);
        return services.BuildServiceProvider();
    }

    // As far as before the bus.
    private static async Task StartAsync(ServiceProvider program)
    {
        foreach (var starting in program.GetServices<IHostedService>().OfType<IHostedLifecycleService>()) await starting.StartingAsync(Stop);
    }

    private static DateOnly Day(int fromToday) => new DateOnly(2026, 11, 24).AddDays(fromToday);

    private Sighting At(int day, string id, string? account = null) => new(Now.AddDays(day).AddHours(1), id, account, "Edo");

    private Task<long> CountAsync() => _database.ValueAsync<long>($"select count(*) from sighting", Stop);
}
