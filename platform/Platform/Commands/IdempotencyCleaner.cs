using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform;

/// <summary>Removes answers to Idempotency-Keys that are past their time, every hour. Harmless on several instances.</summary>
public sealed partial class IdempotencyCleaner(IDocumentStore store, TimeProvider time, ILogger<IdempotencyCleaner> log) : BackgroundService
{
    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromHours(1), time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await using var session = store.LightweightSession();
                var oldest = time.GetUtcNow() - IdempotencyRecord.Kept;
                session.DeleteWhere<IdempotencyRecord>(r => r.At < oldest);
                await session.SaveChangesAsync(stoppingToken);
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogPutOff(e);
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Idempotency records not cleaned; the next hour tries again")]
    private partial void LogPutOff(Exception e);
}
