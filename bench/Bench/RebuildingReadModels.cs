using Hikyaku.Accounts.Verifying;
using System.Diagnostics;
using System.Globalization;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Storage;
using Hikyaku.Bench.Chaos;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Bench;

/// <summary>PERF-8: <c>./dev rebuild</c> of a history of 1,000,000 events, in a database of its own beside the platform's.</summary>
internal static class RebuildingReadModels
{
    private const int Accounts = 100_000, InOneDomain = 1_000, EventsOfEach = 10, JobEvery = 100, InOneTransaction = 5_000, Runs = 5;
    private const double MustReach = 20_000;
    private static readonly string[] Departments = ["営業部", "総務部", "開発部", "経理部", "人事部"];

    public static async Task RunAsync(Report report)
    {
        var platform = new RunningPlatform();
        var database = new NpgsqlConnectionStringBuilder(platform.Postgres) { Database = "bench_rebuild" };
        await AsSuperuserAsync(platform, $"drop database if exists {database.Database} with (force)", $"create database {database.Database} owner {database.Username}");
        try
        {
            await FillAsync(database.ConnectionString);
            var first = await RebuildReadModels.RunAsync(AccountsVerbs.All, database.ConnectionString, CancellationToken.None);
            List<(Rebuilt Rebuilt, double Seconds)> runs = [];
            await using var memory = new MemoryOf(Environment.ProcessId);
            for (var run = 0; run < Runs; run++)
            {
                var watch = Stopwatch.StartNew();
                runs.Add(((await RebuildReadModels.RunAsync(AccountsVerbs.All, database.ConnectionString, CancellationToken.None))!, watch.Elapsed.TotalSeconds));
            }

            Tell(report, first!, runs, memory);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await AsSuperuserAsync(platform, $"drop database if exists {database.Database} with (force)");
        }
    }

    private static void Tell(Report report, Rebuilt first, List<(Rebuilt Rebuilt, double Seconds)> runs, MemoryOf memory)
    {
        var events = runs[0].Rebuilt.Position;
        report.Line($"{Runs} runs (one takes most of a minute, so no more) after one that found the tables empty; {events:N0} events of {Accounts:N0} accounts in {Accounts / InOneDomain} domains: opened, then {EventsOfEach - 1} changes of password, capacity and comment of each in turn, one of {JobEvery} by force, and jobs. Median (minimum–maximum).");
        report.Table(
            ["projection", "s", "events of the history/s"],
            [
                .. runs[0].Rebuilt.Projections.Select((p, i) => Row(p.Name, runs.Select(r => r.Rebuilt.Projections[i].Took.TotalSeconds))),
                Row("all of them, as many at once as there are cores, compared with the tables and put right", runs.Select(r => r.Seconds)),
            ]);
        if (runs.Any(r => r.Rebuilt.Tables.Any(t => (t.Changed, t.Added, t.Removed) != (0, 0, 0)))) throw new InvalidOperationException("What was right was changed");
        report.Line($"Commands would have waited {Report.Spread(runs.Select(r => r.Rebuilt.Waited.TotalSeconds), "0.0")} s, with empty tables {first.Waited.TotalSeconds:0.0} s. Memory, most of all runs: {memory.Peak:0} MB, before {memory.Before:0} MB.");
        var all = runs.Select(r => events / r.Seconds).ToList();
        report.Line($"Must reach: {MustReach:N0} events/s. {(Report.Percentile(all, 50) >= MustReach ? "Reached" : "Not reached")}: {Report.Spread(all)} for all projections together.");

        string[] Row(string what, IEnumerable<double> seconds) => [what, Report.Spread(seconds, "0.0"), Report.Spread(seconds.Select(s => events / s))];
    }

    // Events alone, as fast as they go in: the read models are made by the first rebuild.
    private static async Task FillAsync(string postgres)
    {
        using var service = DocumentStore.For(options =>
        {
            options.Connection(postgres);
            EventStore.Configure(options);
            AccountsStore.Configure(options);
        });
        await service.Storage.ApplyAllConfiguredChangesToDatabaseAsync();
        using var store = DocumentStore.For(options =>
        {
            options.Connection(postgres);
            EventStore.Configure(options);
            foreach (var (type, name) in EventNames.All) options.Events.MapEventType(type, name);
        });
        foreach (var page in History().Chunk(InOneTransaction))
        {
            await using var session = store.LightweightSession();
            EventHeaders.Stamp(session, Caller.Platform);
            foreach (var stream in page.GroupBy(e => e.Stream)) session.Events.Append(stream.Key, stream.Select(e => e.Event));
            await session.SaveChangesAsync();
        }

        // As a service that has run: the server knows what is in its tables, and the daemon has seen all of them.
        await using (var database = NpgsqlDataSource.Create(postgres))
        await using (var analyze = database.CreateCommand("analyze")) await analyze.ExecuteNonQueryAsync();
        using var daemon = await service.BuildProjectionDaemonAsync();
        await daemon.PrepareForRebuildsAsync();
    }

    private static IEnumerable<(string Stream, object Event)> History()
    {
        var (now, ids) = (DateTimeOffset.UtcNow, Enumerable.Range(0, Accounts).Select(_ => Guid.CreateVersion7().ToString("N")).ToArray());
        for (var d = 0; d < Accounts / InOneDomain; d++) yield return (DomainOf(d * InOneDomain), new DomainAdded(DomainOf(d * InOneDomain), InOneDomain, 1_000_000, 100, now));
        for (var i = 0; i < Accounts; i++)
            yield return (ids[i], new MailAccountCreated(ids[i], $"person{i:000000}@{DomainOf(i)}", DomainOf(i), 1, 100, CommentOf(i), Guid.CreateVersion7().ToString("N"), now, "mail1"));
        for (var round = 1; round < EventsOfEach; round++)
        {
            for (var i = 0; i < Accounts; i++)
            {
                if (round == 1 && i % JobEvery == 0)
                {
                    var job = AccountsJobs.NewId();
                    yield return (job, new JobStarted(job, JobKinds.MailDataDeletion, DomainOf(i), ids[i], 0, now));
                    yield return (job, new JobSucceeded(10, 1_000_000, now));
                }

                yield return (ids[i], ((round + i) % 3) switch
                {
                    0 when round == EventsOfEach - 1 && i % JobEvery == 0 => new MailAccountPasswordForciblyChanged(Guid.CreateVersion7().ToString("N"), "mass sending", now),
                    0 => new MailAccountPasswordChanged(Guid.CreateVersion7().ToString("N"), now),
                    1 => new MailAccountCapacityChanged(100 + round, now),
                    _ => new MailAccountCommentChanged(CommentOf(i + round), now),
                });
            }
        }
    }

    private static string DomainOf(int account) => $"d{account / InOneDomain:000}.example.jp";

    private static string CommentOf(int number) => string.Create(CultureInfo.InvariantCulture, $"{Departments[number % Departments.Length]} 内線{number}");

    private static async Task AsSuperuserAsync(RunningPlatform platform, params string[] statements)
    {
        foreach (var sql in statements)
        {
            var (code, output) = await Shell.RunAsync(
                "runuser", "-u", "postgres", "--", "psql", "-h", Path.Combine(platform.Home, "postgres"), "-p", $"{platform.PortBase + 5}", "-d", "postgres", "-c", sql);
            if (code != 0) throw new InvalidOperationException(output);
        }
    }
}
