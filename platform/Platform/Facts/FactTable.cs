using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Globalization;
using Npgsql;
using NpgsqlTypes;

namespace Hikyaku.Platform;

/// <summary>The partitions of a table of facts: one for each day (UTC), made before it is needed and dropped after its time.</summary>
public interface IFactTable
{
    /// <summary>What it holds.</summary>
    FactKind Kind { get; }

    /// <summary>Makes the days that come next, and drops those whose time is over.</summary>
    /// <returns>How many days were dropped.</returns>
    Task<int> TendAsync(CancellationToken stop);
}

/// <summary>
/// A table of facts. A batch may come again, late, and out of order: a fact that is there is not added again, one of a day whose time is over
/// or that is still to come (a clock that is wrong) is left out and counted, and for any other day the partition is made if there is none.
/// Facts of a deleted account are left out.
/// </summary>
/// <typeparam name="T">The fact as it comes.</typeparam>
public sealed class FactTable<T>(FactKind<T> kind, NpgsqlDataSource database, TimeProvider time) : IFactTable
{
    private const int DaysAhead = 2;
    private const string LockPatience = "5s";
    private static readonly Counter<long> LeftOut = Telemetry.Meter.CreateCounter<long>("hikyaku.facts_left_out", "{fact}", "Facts of a day that is no longer kept or still to come, by table");
    private static readonly Counter<long> Added = Telemetry.Meter.CreateCounter<long>("hikyaku.facts_added", "{fact}", "Facts that were stored, by table");

    private readonly ConcurrentDictionary<DateOnly, bool> _made = new();

    /// <inheritdoc/>
    public FactKind Kind => kind;

    private DateOnly Today => DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);

    /// <summary>Adds facts in one transaction.</summary>
    /// <returns>How many were not there yet.</returns>
    public async Task<int> AddAsync(string node, IEnumerable<T> facts, CancellationToken stop)
    {
        var (first, last) = (Today.AddDays(-kind.RetentionDays), Today.AddDays(DaysAhead));
        var all = facts.ToLookup(f => DayOf(f) >= first && DayOf(f) <= last);
        LeftOut.Add(all[false].Count(), new KeyValuePair<string, object?>("table", kind.Table));
        T[] kept = [.. all[true]];
        if (kept.Length == 0) return 0;
        foreach (var day in kept.Select(DayOf).Distinct().Order()) await MakeAsync(day, stop);
        var added = await InsertAsync(node, kept, stop);
        Added.Add(added, new KeyValuePair<string, object?>("table", kind.Table));
        return added;
    }

    /// <summary>Removes what is kept of an account, in all days.</summary>
    /// <returns>How many facts.</returns>
    public Task<int> EraseAsync(string accountId, CancellationToken stop)
        => database.ExecuteAsync($"delete from {kind.Table:sql} where {AccountColumn():sql} = {accountId}", stop);

    /// <inheritdoc/>
    public async Task<int> TendAsync(CancellationToken stop)
    {
        for (var day = Today; day <= Today.AddDays(DaysAhead); day = day.AddDays(1)) await MakeAsync(day, stop);
        var over = (await DaysAsync(stop)).Where(day => day < Today.AddDays(-kind.RetentionDays)).ToList();
        foreach (var day in over)
        {
            await ChangeAsync($"drop table if exists {PartitionOf(day)}", stop);
            _made.TryRemove(day, out _);
        }

        return over.Count;
    }

    /// <summary>The days that have a partition, in order.</summary>
    public async Task<IReadOnlyList<DateOnly>> DaysAsync(CancellationToken stop)
        => await database.ListAsync(
            $"""
            select to_date(right(c.relname, 8), 'YYYYMMDD') from pg_inherits i join pg_class c on c.oid = i.inhrelid
            where i.inhparent = {kind.Table}::regclass order by 1
            """, row => row.GetFieldValue<DateOnly>(0), stop);

    private async Task<int> InsertAsync(string node, T[] facts, CancellationToken stop)
    {
        var names = string.Join(", ", kind.Columns.Select(c => c.Name));
        var values = string.Join(", ", kind.Columns.Select((_, i) => string.Create(CultureInfo.InvariantCulture, $"${i + 4}")));
        var there = kind.AccountColumn is { } account ? $"where f.{account} is null or not exists (select from erased_account e where e.account_id = f.{account})" : "";
        await using var batch = database.CreateBatch();
        if (kind.AccountColumn is { } column)
        {
            // As ErasedAccounts.HoldAsync does: an erasure waits until these facts are there, and then finds them.
            var accounts = kind.Columns.Single(c => c.Name == column).Values(facts).Cast<string?>().OfType<string>().Distinct().Order(StringComparer.Ordinal).ToArray();
            batch.BatchCommands.Add(new("select pg_advisory_xact_lock_shared(hashtextextended(a, 2)) from unnest($1) as a") { Parameters = { new() { Value = accounts } } });
        }

#pragma warning disable CA2100 // names of columns are constants of the program
        var insert = new NpgsqlBatchCommand(
            $"""
            insert into {kind.Table} (at, node, id, {names}) select at, $3, id, {names} from unnest($1, $2, {values}) as f (at, id, {names}) {there} on conflict do nothing
            """);
#pragma warning restore CA2100
        insert.Parameters.Add(new() { Value = facts.Select(f => kind.At(f).UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        insert.Parameters.Add(new() { Value = facts.Select(kind.Id).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        insert.Parameters.Add(new() { Value = node });
        foreach (var c in kind.Columns) insert.Parameters.Add(new() { Value = c.Values(facts), NpgsqlDbType = NpgsqlDbType.Array | c.Database });
        batch.BatchCommands.Add(insert);
        await batch.ExecuteNonQueryAsync(stop);
        return insert.RecordsAffected;
    }

    private async Task MakeAsync(DateOnly day, CancellationToken stop)
    {
        if (_made.ContainsKey(day)) return;
        await ChangeAsync($"create table if not exists {PartitionOf(day)} partition of {kind.Table} for values from ('{Start(day)}') to ('{Start(day.AddDays(1))}')", stop);
        _made[day] = true;
    }

    // One program at a time changes the table's form. Who reads at length is not waited for for long, as everybody else would wait behind.
    private async Task ChangeAsync(string sql, CancellationToken stop)
    {
        await using var batch = database.CreateBatch();
        batch.BatchCommands.Add(new("select set_config('lock_timeout', $1, true)") { Parameters = { new() { Value = LockPatience } } });
        batch.BatchCommands.Add(new("select pg_advisory_xact_lock(hashtextextended($1, 0))") { Parameters = { new() { Value = $"hikyaku facts {kind.Table}" } } });
#pragma warning disable CA2100 // names and days of the program
        batch.BatchCommands.Add(new(sql));
#pragma warning restore CA2100
        await batch.ExecuteNonQueryAsync(stop);
    }

    private string AccountColumn() => kind.AccountColumn ?? throw new InvalidOperationException($"{kind.Table} is of no account");

    private DateOnly DayOf(T fact) => DateOnly.FromDateTime(kind.At(fact).UtcDateTime);

    private string PartitionOf(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{kind.Table}_{day:yyyyMMdd}");

    private static string Start(DateOnly day) => string.Create(CultureInfo.InvariantCulture, $"{day:yyyy-MM-dd} 00:00:00+00");
}
