using System.Diagnostics;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Storage;
using Hikyaku.Platform;
using JasperFx.Events.Projections;
using Marten;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Hikyaku.Bench;

/// <summary>PERF-7: new streams of one event each, with and without the inline snapshot, beside INSERTs of the same JSON.</summary>
internal static class AppendBesideInsert
{
    private const int Runs = 5;
    private const int Writers = 16;
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        await using var database = NpgsqlDataSource.Create(platform.Postgres);
        await ExecuteAsync(database, "drop schema if exists bench cascade; create schema bench; create table bench.plain (id text primary key, data jsonb not null); create table bench.whole (seq bigserial primary key, id uuid not null, stream text not null, version bigint not null, data jsonb not null, type text not null, at timestamptz not null default now(), headers jsonb not null, unique (stream, version)); create table bench.streams (id text primary key, type text not null, version bigint not null, at timestamptz not null default now(), created timestamptz not null default now(), archived boolean not null default false)");
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:Postgres", platform.Postgres)]).Build();
        await using var notifier = new AppendNotifier(configuration, NullLogger<AppendNotifier>.Instance);
        using var events = Store(platform.Postgres, "bench", snapshot: false, notifier);
        using var snapshots = Store(platform.Postgres, "bench_snapshot", snapshot: true, notifier);
        var (append, withSnapshot, insert, whole) = (new List<double>(), new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run <= Runs; run++) // the first one warms up
        {
            var (a, s) = (await LoadAsync(() => AppendAsync(events)), await LoadAsync(() => AppendAsync(snapshots)));
            var (w, p) = (await LoadAsync(() => InsertWholeAsync(database)), await LoadAsync(() => InsertAsync(database)));
            if (run == 0) continue;
            append.Add(a);
            withSnapshot.Add(s);
            whole.Add(w);
            insert.Add(p);
        }

        await ExecuteAsync(database, "drop schema if exists bench cascade; drop schema if exists bench_snapshot cascade");
        report.Line($"{Runs} runs of {Length.TotalSeconds:0} s each in turn after a warm-up, {Writers} writers, one transaction for each event; the platform's own PostgreSQL, fsync on; median (minimum–maximum).");
        report.Table(
            ["", "events/s", "ratio to INSERT of all that is kept", "ratio to INSERT of its JSON alone"],
            ["StartStream with metadata and headers", Report.Spread(append), Ratio(append, whole), Ratio(append, insert)],
            ["the same with an inline snapshot", Report.Spread(withSnapshot), Ratio(withSnapshot, whole), Ratio(withSnapshot, insert)],
            ["plain INSERT (Npgsql) of all that is kept: the stream's row and the event's (id, stream, version, type, time, who and when, JSON)", Report.Spread(whole), "1", Ratio(whole, insert)],
            ["plain INSERT (Npgsql) of its JSON alone", Report.Spread(insert), Ratio(insert, whole), "1"]);
        report.Line($"Must reach: 0.5 × of an INSERT of the same bytes. {(Report.Percentile(append.Zip(whole, (a, b) => a / b), 50) >= 0.5 ? "Reached." : "Not reached.")}");
    }

    private static string Ratio(List<double> these, List<double> those) => Report.Spread(these.Zip(those, (a, b) => a / b), "0.00");

    private static DocumentStore Store(string connection, string schema, bool snapshot, AppendNotifier notifier) => DocumentStore.For(options =>
    {
        options.Connection(connection);
        options.DatabaseSchemaName = schema;
        EventStore.Configure(options);
        options.Listeners.Add(notifier);
        foreach (var (type, name) in EventNames.All) options.Events.MapEventType(type, name);
        if (snapshot) options.Projections.Add(new SnapshotOf<MailAccount>(MailAccount.Events), ProjectionLifecycle.Inline);
    });

    private static MailAccountCreated Event()
    {
        var id = Guid.CreateVersion7().ToString("N");
        return new(id, $"{id}@example.jp", "example.jp", 1, 512, "営業部", Guid.CreateVersion7().ToString("N"), DateTimeOffset.UtcNow);
    }

    private static async Task AppendAsync(DocumentStore store)
    {
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var e = Event();
        session.Events.StartStream<MailAccount>(e.AccountId, e);
        await session.SaveChangesAsync();
    }

    private static async Task InsertAsync(NpgsqlDataSource database)
    {
        var e = Event();
        await using var command = database.CreateCommand("insert into bench.plain (id, data) values ($1, $2::jsonb)");
        command.Parameters.Add(new() { Value = e.AccountId });
        command.Parameters.Add(new() { Value = System.Text.Json.JsonSerializer.Serialize(e) });
        await command.ExecuteNonQueryAsync();
    }

    private static async Task InsertWholeAsync(NpgsqlDataSource database)
    {
        var e = Event();
        await using var command = database.CreateCommand("with stream as (insert into bench.streams (id, type, version) values ($2, 'mail_account', 1)) insert into bench.whole (id, stream, version, data, type, headers) values ($1, $2, 1, $3::jsonb, $4, $5::jsonb)");
        command.Parameters.Add(new() { Value = Guid.NewGuid() });
        command.Parameters.Add(new() { Value = e.AccountId });
        command.Parameters.Add(new() { Value = System.Text.Json.JsonSerializer.Serialize(e) });
        command.Parameters.Add(new() { Value = EventNames.All[typeof(MailAccountCreated)] });
        command.Parameters.Add(new() { Value = System.Text.Json.JsonSerializer.Serialize(Caller.Platform) });
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<double> LoadAsync(Func<Task> write)
    {
        var (count, watch) = (0, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            while (watch.Elapsed < Length)
            {
                await write();
                Interlocked.Increment(ref count);
            }
        }));
        return count / watch.Elapsed.TotalSeconds;
    }

    private static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
