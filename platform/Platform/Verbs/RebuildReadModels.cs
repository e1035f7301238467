using System.Collections.Concurrent;
using System.Data;
using System.Diagnostics;
using System.Globalization;
using JasperFx;
using JasperFx.Events;
using JasperFx.Events.Projections;
using Marten;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// The verb <c>rebuild</c>: makes the read models of a service anew from the history, while it runs: the snapshots of streams, the list
/// of jobs, and the service's own tables (<see cref="ServiceVerbs.ReadModels"/>). Marten's daemon replays the events into a schema of the rebuild's own.
/// Then commands wait for a moment, the daemon catches up, and what the real tables have otherwise is put right in one
/// transaction: nobody ever reads a table that is half done, and a rebuild that breaks off has changed nothing.
/// What is no read model is left alone, above all what limits and addresses are decided by. See docs/decisions/0022.
/// </summary>
public static class RebuildReadModels
{
    /// <summary>The schema in which they are made.</summary>
    public const string Schema = "rebuild";

    private const long LockKey = 0x0072_6562_7569_6C64;
    private const int TriesToLock = 240; // two minutes of half seconds
    private const int EventsAtOnce = 5_000;
    private const int InMemory = 250_000; // snapshots, of about 1 KB; where more streams change in turn, they are written more than once
    private static readonly TimeSpan Longest = TimeSpan.FromHours(12);

    /// <summary>The operator's command: tells what was wrong. Ends with 0, or 1 when another rebuild is under way.</summary>
    internal static async Task<int> PrintAsync(ServiceVerbs verbs, string postgres)
    {
        if (await RunAsync(verbs, postgres, CancellationToken.None) is not { } rebuilt)
        {
            await Console.Error.WriteLineAsync("Another rebuild is under way.");
            return 1;
        }

        foreach (var t in rebuilt.Tables) Console.WriteLine($"{t.Table}: {t.Changed} rows changed, {t.Added} added, {t.Removed} removed");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Rebuilt up to event {rebuilt.Position}; commands waited {rebuilt.Waited.TotalSeconds:0.0} s"));
        return 0;
    }

    /// <summary>Rebuilds all of them; null when another rebuild is under way.</summary>
    /// <param name="verbs">What the service says.</param>
    /// <param name="postgres">The connection string of the service's database.</param>
    /// <param name="stop">Stops it; nothing is changed then.</param>
    public static async Task<Rebuilt?> RunAsync(ServiceVerbs verbs, string postgres, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(verbs);
        await using var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(postgres) { ApplicationName = "rebuild", CommandTimeout = 0 }.ConnectionString);
        await using var session = await database.OpenConnectionAsync(stop);
        if (!await ScalarAsync<bool>(session, $"select pg_try_advisory_lock({LockKey})", stop)) return null;
        try
        {
            await ExecuteAsync(session, $"drop schema if exists {Schema} cascade", stop); // of one that was killed
            using (var making = Open(verbs, postgres, replays: false, out _)) await making.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
            using var store = Open(verbs, postgres, replays: true, out var projections);
            var tables = TablesOf(verbs, store);
            await ExecuteAsync(session, SchemaSql(tables), stop);
            var models = projections.SelectMany(p => p.PublishedTypes()).Select(t => ReadModel.OfSnapshots(((IReadOnlyStoreOptions)store.Options).FindOrResolveDocumentType(t).TableName.Name)).Concat(tables).ToList();
            return await RunAsync(database, session, store, projections, models, verbs.AfterReplay, stop);
        }
        finally
        {
            // The schema holds personal data, so it is dropped at once. If the session is broken, the next rebuild drops it.
            if (session.State == ConnectionState.Open) await ExecuteAsync(session, $"drop schema if exists {Schema} cascade; select pg_advisory_unlock({LockKey})", CancellationToken.None);
        }
    }

    private static async Task<Rebuilt> RunAsync(
        NpgsqlDataSource database, NpgsqlConnection session, DocumentStore store, IReadOnlyList<IProjectionSource<IDocumentOperations, IQuerySession>> projections,
        IReadOnlyList<ReadModel> models, string? afterReplay, CancellationToken stop)
    {
        using var daemon = await store.BuildProjectionDaemonAsync();
        // All transactions up to the high-water mark have ended; the service's daemon maintains it.
        await MarkAsync(database, "coalesce((select last_seq_id from public.mt_event_progression where name = 'HighWaterMark'), 0)", stop);
        var replayed = new ConcurrentBag<ReplayedProjection>();
        await Parallel.ForEachAsync(projections, stop, async (projection, stopped) =>
        {
            var watch = Stopwatch.StartNew();
            using var own = await store.BuildProjectionDaemonAsync();
            await own.RebuildProjectionAsync(projection.Name, Longest, stopped);
            replayed.Add(new(projection.Name, watch.Elapsed));
        });

        await using var transaction = await LockAsync(session, [.. models.Select(m => m.Table)], stop);
        var waited = Stopwatch.StartNew();
        var position = await MarkAsync(database, "coalesce((select max(seq_id) from public.mt_events), 0)", stop);
        await daemon.CatchUpAsync(stop);
        var progress = (await store.Advanced.AllProjectionProgress(token: stop)).ToDictionary(p => p.ShardName, p => p.Sequence);
        var behind = ((IEventStore)store).RegisteredShardNames().Select(s => s.Identity).Where(s => progress.GetValueOrDefault(s) != position).ToList();
        if (behind.Count > 0) throw new InvalidOperationException($"Not everything was replayed: {string.Join(", ", behind)}");
        if (afterReplay is not null) await ExecuteAsync(session, afterReplay, stop);
        // Whole tables are compared. With wrong statistics the planner would scan one table for each row of the other.
        await ExecuteAsync(session, "set local enable_nestloop = off", stop);
        List<Repair> tables = [];
        foreach (var model in models) tables.Add(await model.RepairAsync(session, Schema, stop));
        await transaction.CommitAsync(stop);
        return new(position, [.. replayed.OrderBy(r => r.Name, StringComparer.Ordinal)], tables, waited.Elapsed);
    }

    // The real events up to the rebuild's own mark (Marten waits for those beyond it), and read models of its own, which need
    // no index but their key. The service's daemon is not disturbed.
    private static string SchemaSql(IReadOnlyList<ReadModel> tables) =>
        $"""
        drop table {Schema}.mt_events, {Schema}.mt_streams cascade;
        create view {Schema}.mt_events as select * from public.mt_events where seq_id <= (select last_seq_id from {Schema}.mt_event_progression where name = 'HighWaterMark');
        create view {Schema}.mt_streams as select * from public.mt_streams;
        create sequence if not exists {Schema}.mt_events_sequence;
        {string.Join('\n', tables.Select(t => $"create unlogged table {Schema}.{t.Table} (like public.{t.Table} including defaults, primary key ({string.Join(", ", t.Key)}));"))}
        """;

    private static List<ReadModel> TablesOf(ServiceVerbs verbs, DocumentStore store)
    {
        var tables = verbs.ReadModels.ToList();
        if (IStreamKind.AllOf(store).Any(k => k.State == typeof(Job)) && !tables.Exists(t => t.Table == JobTable.ReadModel.Table)) tables.Add(JobTable.ReadModel);
        return tables;
    }

    private static DocumentStore Open(ServiceVerbs verbs, string postgres, bool replays, out IReadOnlyList<IProjectionSource<IDocumentOperations, IQuerySession>> projections)
    {
        var options = new StoreOptions();
        EventStore.Configure(options);
        verbs.Store(options, ProjectionLifecycle.Async);
        options.DatabaseSchemaName = Schema;
        options.AutoCreateSchemaObjects = replays ? AutoCreate.None : AutoCreate.All;
        options.Connection(new NpgsqlConnectionStringBuilder(postgres)
        {
            ApplicationName = "rebuild",
            SearchPath = $"{Schema},public", // the statements of projections find the rebuild's tables first
            CommandTimeout = 0,
            MaxAutoPrepare = 100, // a few statements, a million times
            // After a crash it begins anew. Pages of events are read in the index's order: a planner that takes the rest of
            // the history for a few rows would read and sort all of it for each page. Marten's look at the catalog needs to sort.
            Options = replays ? "-c synchronous_commit=off -c enable_sort=off" : "",
        }.ConnectionString);
        projections = options.Projections.All;
        foreach (var projection in projections)
        {
            projection.Options.BatchSize = EventsAtOnce;
            projection.Options.CacheLimitPerTenant = InMemory;
            projection.Options.RebuildFlushThreshold = InMemory; // each is written once, not after every page that changed it
        }

        return new DocumentStore(options);
    }

    // Sets how far the rebuild's daemon reads.
    private static async Task<long> MarkAsync(NpgsqlDataSource database, string position, CancellationToken stop)
    {
        await using var session = await database.OpenConnectionAsync(stop); // not in the transaction that locks: the daemon must see it
        var mark = await ScalarAsync<long>(session, $"select {position}", stop);
        await ExecuteAsync(
            session,
            $"""
            insert into {Schema}.mt_event_progression (name, last_seq_id) values ('HighWaterMark', {mark}) on conflict (name) do update set last_seq_id = excluded.last_seq_id;
            select setval('{Schema}.mt_events_sequence', {Math.Max(mark, 1)}, {mark} > 0)
            """, stop);
        return mark;
    }

    // Locks all tables at once and before any row, so that no deadlock can occur. Readers do not wait.
    private static async Task<NpgsqlTransaction> LockAsync(NpgsqlConnection session, string[] tables, CancellationToken stop)
    {
        for (var tries = 1; ; tries++)
        {
            var transaction = await session.BeginTransactionAsync(stop);
            try
            {
                await ExecuteAsync(session, $"set local lock_timeout = '500ms'; lock table {string.Join(", ", tables.Append("mt_events").Select(t => $"public.{t}"))} in exclusive mode", stop);
                return transaction;
            }
            catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.LockNotAvailable && tries < TriesToLock)
            {
                await transaction.DisposeAsync(); // a long transaction of somebody: others go on meanwhile
            }
            catch
            {
                await transaction.DisposeAsync();
                throw;
            }
        }
    }

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection session, string sql, CancellationToken stop)
    {
        await using var command = Command(session, sql);
        return (T)(await command.ExecuteScalarAsync(stop))!;
    }

    private static async Task ExecuteAsync(NpgsqlConnection session, string sql, CancellationToken stop)
    {
        await using var command = Command(session, sql);
        await command.ExecuteNonQueryAsync(stop);
    }

#pragma warning disable CA2100 // all that is put together here are names of this program's tables and numbers
    private static NpgsqlCommand Command(NpgsqlConnection session, string sql) => new(sql, session);
#pragma warning restore CA2100
}

/// <summary>How a rebuild went.</summary>
/// <param name="Position">The newest event's.</param>
/// <param name="Projections">What was replayed, most of it at the same time.</param>
/// <param name="Tables">What was wrong.</param>
/// <param name="Waited">How long nothing could be appended.</param>
public sealed record Rebuilt(long Position, IReadOnlyList<ReplayedProjection> Projections, IReadOnlyList<Repair> Tables, TimeSpan Waited);

/// <summary>A projection that was replayed.</summary>
/// <param name="Name">Marten's name of it.</param>
/// <param name="Took">How long, but for the events that came meanwhile.</param>
public sealed record ReplayedProjection(string Name, TimeSpan Took);
