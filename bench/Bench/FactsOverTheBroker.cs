using System.Diagnostics;
using System.Globalization;
using Hikyaku.Bench.Chaos;
using MassTransit;
using Npgsql;

namespace Hikyaku.Bench;

/// <summary>PERF-15: facts told over the broker for ten minutes, as a node tells them, until a service has stored them all.</summary>
internal static class FactsOverTheBroker
{
    private const int InOneMessage = 500, PerSecond = 4000;
    private static readonly TimeSpan Lasts = TimeSpan.FromMinutes(10), MostLag = TimeSpan.FromSeconds(5);

    /// <summary>Tells them.</summary>
    /// <param name="report">Gets the figures.</param>
    /// <param name="platform">The running copy.</param>
    /// <param name="service">Who stores them.</param>
    /// <param name="database">The service's.</param>
    /// <param name="tables">In which table or union they are, with the columns at and node.</param>
    /// <param name="node">The name by which this run's facts are counted: part of their id, or their node.</param>
    /// <param name="message">The message that begins at this number, with so many facts.</param>
    public static async Task TellAsync(Report report, RunningPlatform platform, string service, NpgsqlDataSource database, string tables, string node, Func<long, int, object> message)
    {
        var bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit => rabbit.Host(
            "127.0.0.1", (ushort)(platform.PortBase + 6), "hikyaku", h => { h.Username("mail1"); h.Password(platform.Secret("rabbit-mail1")); }));
        await bus.StartAsync();
        var process = int.Parse((await Shell.RunAsync("pgrep", "-f", $"{platform.Home}/bin/{service}/")).Output.Split('\n')[0], CultureInfo.InvariantCulture);
        await using var memory = new MemoryOf(process);
        var (told, lags, watch) = (0L, new List<double>(), Stopwatch.StartNew());
        var looking = LookAsync();
        while (watch.Elapsed < Lasts)
        {
            await bus.Publish(message(told, InOneMessage));
            told += InOneMessage;
            var ahead = TimeSpan.FromSeconds((double)told / PerSecond) - watch.Elapsed;
            if (ahead > TimeSpan.Zero) await Task.Delay(ahead);
        }

        var rate = told / watch.Elapsed.TotalSeconds;
        for (var deadline = DateTime.UtcNow.AddMinutes(5); await StoredAsync() < told && DateTime.UtcNow < deadline; await Task.Delay(500)) { }
        var (stored, took) = (await StoredAsync(), watch.Elapsed);
        await looking;
        await bus.StopAsync();
        report.Line(string.Create(CultureInfo.InvariantCulture,
            $"Facts told over the broker for {Lasts.TotalMinutes:0} minutes, {rate:0} a second in messages of {InOneMessage}: {stored:N0} of {told:N0} stored {took.TotalSeconds:0} s after the first. Lag, looked at once a second: median {Report.Percentile(lags, 50):0.0} s, most {lags.Max():0.0} s. Memory of the {service} service: {memory.Before:0} MB before, {memory.Peak:0} MB at most."));
        report.Line(string.Create(CultureInfo.InvariantCulture,
            $"Must reach (PERF-15): 3,000 a second, lag at most {MostLag.TotalSeconds:0} s. {(rate >= 3000 && lags.Max() <= MostLag.TotalSeconds && stored == told ? "Reached." : "Not reached.")}"));

        async Task LookAsync()
        {
            while (watch.Elapsed < Lasts)
            {
                await Task.Delay(1000);
                if (await AskAsync($"select max(at) from {tables} where at > now() - interval '10 minutes'") is DateTime newest) lags.Add(Math.Max(0, (DateTime.UtcNow - newest).TotalSeconds));
            }
        }

        async Task<long> StoredAsync() => (long)(await AskAsync($"select count(*) from {tables} where at > now() - interval '20 minutes' and (id like '{node}.%' or node = '{node}')"))!;

        async Task<object?> AskAsync(string sql)
        {
#pragma warning disable CA2100 // this program's own text
            await using var command = database.CreateCommand(sql);
#pragma warning restore CA2100
            return await command.ExecuteScalarAsync();
        }
    }
}
