using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>Gives a program tables of facts.</summary>
public static class FactStorage
{
    /// <summary>
    /// Adds a kind of facts: its table is made at the start, before the bus, and its days from then on. The program stores with
    /// <see cref="FactTable{T}"/> and reads by SQL; what reads names the days that it wants by <c>at</c>, so that others are not looked into.
    /// </summary>
    /// <typeparam name="T">The fact as it comes.</typeparam>
    public static void AddFacts<T>(this IServiceCollection services, FactKind<T> kind)
    {
        services.AddSingleton(kind);
        services.AddSingleton<FactTable<T>>();
        services.AddSingleton<IFactTable>(s => s.GetRequiredService<FactTable<T>>());
        services.AddSingleton<IHostedService>(s => new FactTableAtStart(s.GetRequiredService<NpgsqlDataSource>(), s.GetRequiredService<FactTable<T>>()));
        if (!services.Any(s => s.ImplementationType == typeof(FactDays))) services.AddHostedService<FactDays>();
    }
}

/// <summary>Makes a table of facts and its next days before the bus starts, whose messages need them.</summary>
internal sealed class FactTableAtStart(NpgsqlDataSource database, IFactTable table)
    : TablesAtStart(database, $"facts {table.Kind.Table}", table.Kind.Schema), IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await base.StartAsync(cancellationToken);
        await table.TendAsync(cancellationToken);
    }

    public override Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Makes the days that come next, and drops those whose time is over, every hour. Harmless on several instances.</summary>
internal sealed partial class FactDays(IEnumerable<IFactTable> tables, TimeProvider time, ILogger<FactDays> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var table in tables)
            {
                try
                {
                    if (await table.TendAsync(stoppingToken) is > 0 and var days) LogDropped(days, table.Kind.Table);
                }
                catch (Exception e) when (ProblemExceptionHandler.IsAway(e) || e is PostgresException { SqlState: PostgresErrorCodes.LockNotAvailable })
                {
                    LogPutOff(table.Kind.Table, e); // two days are there already
                }
            }
        }
    }

    [LoggerMessage(1, LogLevel.Information, "{Days} days of {Table} were dropped, as their time is over")]
    private partial void LogDropped(int days, string table);

    [LoggerMessage(2, LogLevel.Warning, "The days of {Table} are not tended; the next hour tries again")]
    private partial void LogPutOff(string table, Exception e);
}
