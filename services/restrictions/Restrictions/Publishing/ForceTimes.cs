using System.Threading.Channels;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Restrictions.Publishing;

/// <summary>
/// Measures the time from a fact until every node that counts obeys what was decided by it (RST-2). Nobody waits for it: of many decisions
/// at once, and of those that nodes do not obey within a minute, some are not measured; the latter are seen as nodes that lag.
/// </summary>
internal sealed partial class ForceTimes(NpgsqlDataSource database, NodeLeases leases, TimeProvider time, ILogger<ForceTimes> log) : BackgroundService
{
    private const int MostWaiting = 100, AtOnce = 8;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly Channel<(string AccountId, DateTimeOffset ObservedAt)> _decided =
        Channel.CreateBounded<(string, DateTimeOffset)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>An account was restricted by a fact of this time, and that is stored.</summary>
    public void Note(string accountId, DateTimeOffset observedAt) => _decided.Writer.TryWrite((accountId, observedAt));

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Parallel.ForEachAsync(
        _decided.Reader.ReadAllAsync(stoppingToken), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stoppingToken },
        async (one, stop) => await MeasureAsync(one.AccountId, one.ObservedAt, stop));

    private async Task MeasureAsync(string accountId, DateTimeOffset observedAt, CancellationToken stop)
    {
        var since = time.GetTimestamp();
        try
        {
            var position = await database.ValueAsync<long>($"select coalesce(max(seq_id), 0) from mt_events where stream_id = {accountId}", stop);
            while (time.GetElapsedTime(since) < Patience)
            {
                if (await leases.IsInForceAsync(accountId, position, stop))
                {
                    RestrictionMetrics.CountForce(time.GetUtcNow() - observedAt);
                    return;
                }

                await Task.Delay(Look, time, stop);
            }
        }
        catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
        {
            LogNotMeasured(e);
        }
    }

    [LoggerMessage(32, LogLevel.Information, "The time until a restriction was in force is not measured, as the database is away")]
    private partial void LogNotMeasured(Exception e);
}
