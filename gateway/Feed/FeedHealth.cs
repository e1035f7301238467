using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;

namespace Hikyaku.Feed;

/// <summary>Whether events are recorded and seen: the database answers, and no event has waited long for it.</summary>
public sealed class FeedHealth(NpgsqlDataSource database, RecordingQueue queue, FeedTail tail) : IHealthCheck
{
    private static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = database.CreateCommand("select 1");
            command.CommandTimeout = 3;
            await command.ExecuteScalarAsync(cancellationToken);
        }
        catch (NpgsqlException e)
        {
            return HealthCheckResult.Unhealthy("PostgreSQL does not answer", e); // the health service logs it
        }

        if (queue.OldestWait > MaxWait) return HealthCheckResult.Unhealthy($"Events have been waiting to be recorded for {queue.OldestWait.TotalSeconds:0} s");
        return tail.SinceLook > MaxWait ? HealthCheckResult.Unhealthy($"The log was last read {tail.SinceLook.TotalSeconds:0} s ago") : HealthCheckResult.Healthy();
    }
}
