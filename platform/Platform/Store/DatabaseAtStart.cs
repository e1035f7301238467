using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// Waits at the start of a program until its database (<c>ConnectionStrings:Postgres</c>) answers, before anything else starts
/// that needs it. Until then the program listens on no port; it can be told to stop at any time. A wrong password or a setting
/// that cannot be read is an error at once. Nothing waits for RabbitMQ: the bus connects when it can.
/// </summary>
public sealed partial class DatabaseAtStart(IConfiguration configuration, TimeProvider time, ILogger<DatabaseAtStart> log) : IHostedLifecycleService
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Reminder = TimeSpan.FromMinutes(1);

    /// <inheritdoc/>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (configuration.GetConnectionString("Postgres") is not { } connection) return;
        var waiting = new NpgsqlConnectionStringBuilder(connection) { Pooling = false, Timeout = 5, CommandTimeout = 5, ApplicationName = "waiting-for-start" };
        var begun = Stopwatch.GetTimestamp();
        var (pause, logged) = (ShortestPause, TimeSpan.MinValue);
        while (await ProbeAsync(waiting.ConnectionString, cancellationToken) is { } failure)
        {
            var waited = Stopwatch.GetElapsedTime(begun);
            if (logged == TimeSpan.MinValue || waited - logged > Reminder)
            {
                LogWaiting(waiting.Host, waiting.Port, waited.TotalSeconds, failure.Message);
                logged = waited;
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        if (logged != TimeSpan.MinValue) LogThere(Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    /// <inheritdoc/>
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Returns null if the database answers.
    private static async Task<Exception?> ProbeAsync(string connection, CancellationToken stop)
    {
        try
        {
            await using var session = new NpgsqlConnection(connection);
            await session.OpenAsync(stop);
            return null;
        }
        catch (Exception e) when (e is PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } || ProblemExceptionHandler.IsAway(e))
        {
            return e; // the server has not started yet, or the database does not exist yet
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "PostgreSQL at {Host}:{Port} does not answer after {Seconds:0} s; the start waits for it: {Reason}")]
    private partial void LogWaiting(string? host, int port, double seconds, string reason);

    [LoggerMessage(2, LogLevel.Information, "PostgreSQL answers after {Seconds:0.0} s")]
    private partial void LogThere(double seconds);
}
