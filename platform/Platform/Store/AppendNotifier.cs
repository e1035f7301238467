using System.Diagnostics.CodeAnalysis;
using Marten;
using Marten.Events.Daemon.HighWater;
using Marten.Services;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// Wakes the daemon by PostgreSQL's NOTIFY after events were committed. It does so outside of the transaction that appends them (Marten
/// would do it inside): PostgreSQL takes a lock for the whole server while such a transaction commits, so that commits wait for each
/// other's fsync. If a crash prevents a notification, the daemon finds the events by polling within a second. See docs/decisions/0015.
/// </summary>
public sealed partial class AppendNotifier(IConfiguration configuration, ILogger<AppendNotifier> log) : DocumentSessionListenerBase, IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);

    private readonly NpgsqlDataSource _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(configuration.GetConnectionString("Postgres"))
    {
        MaxPoolSize = 1,
        ApplicationName = "append-notifier",
        Options = "-c synchronous_commit=off", // a notification is a transaction of its own, and nothing of it needs the disk
    });

    private readonly Lock _lock = new();
    private bool _wanted;
    private Task? _telling;

    /// <inheritdoc/>
    public override Task AfterCommitAsync(IDocumentSession session, IChangeSet commit, CancellationToken token)
    {
        ArgumentNullException.ThrowIfNull(commit);
        if (!commit.GetStreams().Any()) return Task.CompletedTask;
        lock (_lock)
        {
            _wanted = true;
            _telling ??= Task.Run(TellAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Telling is { } telling) await telling;
        await _database.DisposeAsync();
    }

    private Task? Telling
    {
        get
        {
            lock (_lock) return _telling;
        }
    }

    // The first commit is notified at once; commits within the pause after it are notified together, so that the daemon reads
    // pages and not single events when many write.
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "the commit has succeeded; the daemon's polling finds its events")]
    private async Task TellAsync()
    {
        while (true)
        {
            lock (_lock)
            {
                if (!_wanted)
                {
                    _telling = null;
                    return;
                }

                _wanted = false;
            }

            try
            {
                await using var command = _database.CreateCommand($"notify {PostgresqlListenWakeup.DefaultChannel}");
                await command.ExecuteNonQueryAsync();
            }
            catch (Exception e)
            {
                LogNotTold(e);
            }

            await Task.Delay(Pause);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Could not wake the daemon; it polls within a second")]
    private partial void LogNotTold(Exception e);
}
