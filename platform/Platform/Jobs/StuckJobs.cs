using System.Diagnostics;
using Marten;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// Gives up running jobs that have not moved for long, of the kinds that say what is stored then
/// (<see cref="JobKind.WhenGivenUp"/>): the job has failed, with a reference for support, and can be begun anew. It begins when
/// the service has run for as long as a job may stand still, as after a long outage or an upgrade all jobs look stuck.
/// </summary>
public sealed partial class StuckJobs(IDocumentStore store, NpgsqlDataSource database, ServiceJobs jobs, JobSettings settings, TimeProvider time, ILogger<StuckJobs> log) : BackgroundService
{
    private const int AtOnce = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly string[] _kinds = [.. jobs.Kinds.Where(k => k.WhenGivenUp is not null).Select(k => k.Name)];

    /// <summary>Fails those that are stuck now.</summary>
    /// <returns>How many.</returns>
    public async Task<int> FailStuckAsync(CancellationToken stop)
    {
        var stuck = await database.ListAsync(
            $"""
            select id, kind, coalesce(account_id, '') from job
            where state = 'running' and kind = any({_kinds}) and moved_at < {time.GetUtcNow() - settings.Patience} order by moved_at limit {AtOnce}
            """, row => (Job: row.GetString(0), Kind: row.GetString(1), Account: row.GetString(2)), stop);
        foreach (var (job, kind, account) in stuck) await FailAsync(job, kind, account, stop);
        return stuck.Count;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_kinds.Length == 0) return;
        // While the service did not run no job of it could move.
        await Task.Delay(settings.Patience, time, stoppingToken);
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await FailStuckAsync(stoppingToken);
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e) || e is JasperFx.ConcurrencyException)
            {
                LogPutOff(e); // its end was reported just now, perhaps; the next round sees
            }
        }
    }

    private async Task FailAsync(string jobId, string kind, string accountId, CancellationToken stop)
    {
        var (now, reference) = (time.GetUtcNow(), ActivityTraceId.CreateRandom().ToString());
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var job = await session.Events.FetchForWriting<Job>(jobId, stop);
        if (job.Aggregate is not { State: JobStates.Running }) return;
        job.AppendOne(new JobFailed(reference, now));
        await jobs.Kind(kind).WhenGivenUp!(session, new(jobId, accountId, reference, now), stop);
        await session.SaveChangesAsync(stop);
        LogFailed(jobId, settings.Patience, reference);
    }

    [LoggerMessage(1, LogLevel.Error, "Job {Job} has not moved for {Patience} and is given up, reference {Reference}")]
    private partial void LogFailed(string job, TimeSpan patience, string reference);

    [LoggerMessage(2, LogLevel.Warning, "Stuck jobs were not looked for this time; it is tried again")]
    private partial void LogPutOff(Exception e);
}
