using System.Diagnostics;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// Gives up deletions of mail data that have not moved for long, because their node is gone or its mailbox cannot be opened
/// (setting <c>Hikyaku:JobPatienceMinutes</c>, 60 by default): the job has failed, with a reference for support, and can be
/// begun anew (ACC-6). Deletions of accounts are never given up: the account is gone for everybody already.
/// </summary>
public sealed partial class StuckJobs(IDocumentStore store, NpgsqlDataSource database, IConfiguration configuration, TimeProvider time, ILogger<StuckJobs> log) : BackgroundService
{
    private const int AtOnce = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private readonly TimeSpan _patience = TimeSpan.FromMinutes(configuration.GetValue("Hikyaku:JobPatienceMinutes", 60));

    /// <summary>Fails those that are stuck now.</summary>
    /// <returns>How many.</returns>
    public async Task<int> FailStuckAsync(CancellationToken stop)
    {
        var stuck = new List<(string Job, string Account)>();
        await using (var command = database.CreateCommand(
            "select id, account_id from job where state = 'running' and kind = 'mail-data-deletion' and moved_at < $1 order by moved_at limit $2"))
        {
            command.Parameters.Add(new() { Value = time.GetUtcNow() - _patience });
            command.Parameters.Add(new() { Value = AtOnce });
            await using var row = await command.ExecuteReaderAsync(stop);
            while (await row.ReadAsync(stop)) stuck.Add((row.GetString(0), row.GetString(1)));
        }

        foreach (var (job, account) in stuck) await FailAsync(job, account, stop);
        return stuck.Count;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
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

    private async Task FailAsync(string jobId, string accountId, CancellationToken stop)
    {
        var (now, reference) = (time.GetUtcNow(), ActivityTraceId.CreateRandom().ToString());
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var job = await session.Events.FetchForWriting<Job>(jobId, stop);
        if (job.Aggregate is not { State: JobStates.Running }) return;
        job.AppendOne(new JobFailed(reference, now));
        var account = await session.Events.FetchForWriting<MailAccount>(accountId, stop);
        if (account.Aggregate?.MailDeletionJob == jobId) account.AppendOne(new MailDataDeletionFailed(jobId, reference, now));
        await session.SaveChangesAsync(stop);
        LogFailed(jobId, _patience, reference);
    }

    [LoggerMessage(1, LogLevel.Error, "Job {Job} has not moved for {Patience} and is given up, reference {Reference}")]
    private partial void LogFailed(string job, TimeSpan patience, string reference);

    [LoggerMessage(2, LogLevel.Warning, "Stuck jobs were not looked at this time")]
    private partial void LogPutOff(Exception e);
}
