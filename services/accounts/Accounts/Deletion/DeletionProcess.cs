using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Publishing;
using Hikyaku.Accounts.Storage;
using Hikyaku.Platform;
using Marten;
using MassTransit;

namespace Hikyaku.Accounts.Deletion;

/// <summary>
/// Ends deletions (ACC-5): when every participant has erased what it had of an account, its events are masked, what is left of
/// it here goes, and its address is free; when that is so for every account of a job, the job has succeeded, and the name of a domain that it deletes is free. Participants are
/// those that the setting <c>Hikyaku:DeletionParticipants</c> names (separated by commas) and every mail node that counts (<see cref="NodeLeases"/>): one
/// that is away for a day is waited for, one that has lost its lease erases before it serves again. A program that takes part since an
/// upgrade has not heard of the deletions before it: programs that have not reported are asked again, some seconds after the start and
/// then ever more rarely.
/// <para>
/// All that it knows is in the database: it goes on after a crash of any part. One instance of the service works at a time.
/// </para>
/// </summary>
public sealed partial class DeletionProcess(
    IDocumentStore store, NodeLeases leases, SecretBox box, IBus bus, IConfiguration configuration, TimeProvider time, ILogger<DeletionProcess> log)
    : BackgroundService
{
    private const int AtOnce = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2); // for what no report wakes: a lease that ends

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);

    private readonly string[] _participants =
        (configuration["Hikyaku:DeletionParticipants"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private readonly SemaphoreSlim _woken = new(0, 1);

    /// <summary>Somebody has reported.</summary>
    public void Wake()
    {
        try
        {
            _woken.Release();
        }
        catch (SemaphoreFullException)
        {
            // the process is running already
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _woken.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var (pause, askAgain) = (FirstPause, time.GetUtcNow() + FirstPause);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await FinishSomeAsync(stoppingToken) == AtOnce) { }
                if (time.GetUtcNow() >= askAgain)
                {
                    await AskAgainAsync(stoppingToken);
                    pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                    askAgain = time.GetUtcNow() + pause;
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPutOff(e); // nothing was changed; a process that stopped here would leave every deletion unfinished
            }

            await _woken.WaitAsync(Interval, stoppingToken);
        }
    }

    private async Task<int> FinishSomeAsync(CancellationToken stop)
    {
        if (await leases.CountingAsync(stop) is not { Count: > 0 } nodes) return 0; // what no node obeys is not in force
        await using var session = store.LightweightSession();
        await session.BeginTransactionAsync(stop);
        if (!await HasTurnAsync(session, stop)) return 0;
        string[] all = [.. _participants, .. nodes.Select(ParticipantOf)];
        var erased = await DeletionTable.ErasedAsync(session, all, AtOnce, stop);
        if (erased.Count == 0) return 0;

        EventHeaders.Stamp(session, Caller.Platform);
        var now = time.GetUtcNow();
        foreach (var account in erased) Finish(session, account, now);
        JobProblems.Forget(session, [.. erased.Select(e => e.Address)]);
        await FinishJobsAsync(session, erased, now, stop);
        await session.SaveChangesAsync(stop);
        LogFinished(erased.Count);
        return erased.Count;
    }

    // Nodes are not asked: they compare what they have with a list of all that they must have.
    private async Task AskAgainAsync(CancellationToken stop)
    {
        await using var session = store.QuerySession();
        foreach (var (account, address) in await DeletionTable.UnreportedAsync(session, _participants, time.GetUtcNow() - FirstPause, stop))
        {
            var events = await session.Events.FetchStreamAsync(account, token: stop);
            if (events.LastOrDefault(e => e.Data is MailAccountDeletionStarted) is not { } started) continue;
            var contract = (Contracts.MailAccountDeletionStarted)ToContract.Of(started, null)!;
            await bus.Publish(contract with { Domain = address[(address.IndexOf('@') + 1)..] }, stop);
        }
    }

    /// <summary>The name under which a node reports.</summary>
    public static string ParticipantOf(string node) => $"node:{node}";

    private void Finish(IDocumentSession session, DeletionTable.Erased account, DateTimeOffset now)
    {
        session.Events.Append(account.AccountId, new MailAccountDeleted(now));
        session.Delete<AddressReservation>(account.Address);
        session.Store(new FormerLife { Id = FormerLife.IdOf(box, account.Address), Life = account.Life });
        session.DeleteWhere<Credentials.Credential>(c => c.Owner == account.AccountId);
        session.QueueSqlCommand("delete from deletion_report where account_id = ?", account.AccountId);
        session.QueueSqlCommand("delete from deletion where account_id = ?", account.AccountId);
    }

    private static async Task FinishJobsAsync(IDocumentSession session, List<DeletionTable.Erased> erased, DateTimeOffset now, CancellationToken stop)
    {
        string[] accounts = [.. erased.Select(e => e.AccountId)];
        var jobs = erased.CountBy(e => e.JobId).ToDictionary();
        List<string> streams = [.. accounts];
        streams.AddRange(await session.ListAsync($"select id from job where account_id = any({accounts})", row => row.GetString(0), stop));
        PersonalDataMask.Mask(session, [.. streams], EventNames.All);
        JobTable.ForgetStarters(session, accounts);
        List<string> ended = [];
        foreach (var (job, left, total) in await LeftAsync(session, [.. jobs.Keys], stop))
        {
            var done = total - left + jobs[job];
            if (left == jobs[job]) ended.Add(job);
            if (left == jobs[job]) session.Events.Append(job, new JobSucceeded(total, null, now, Result: JobResult.Of(new DeletedAccounts(total))));
            else session.QueueSqlCommand("update job set done = ?, moved_at = ? where id = ?", done, now, job);
        }

        foreach (var domain in await session.Query<DomainDeletion>().Where(d => d.JobId.IsOneOf(ended.ToArray())).ToListAsync(stop))
        {
            session.Events.Append(domain.Id, new DomainDeleted(now));
            session.Delete(domain);
        }
    }

    private static Task<List<(string Job, long Left, long Total)>> LeftAsync(IQuerySession session, string[] jobs, CancellationToken stop) => session.ListAsync(
        $"select j.id, (select count(*) from deletion d where d.job_id = j.id), j.total from job j where j.id = any({jobs})",
        row => (row.GetString(0), row.GetInt64(1), row.GetInt64(2)), stop);

    private static async Task<bool> HasTurnAsync(IQuerySession session, CancellationToken stop)
        => (await session.ListAsync($"select pg_try_advisory_xact_lock(hashtextextended('hikyaku deletion', 0))", row => row.GetBoolean(0), stop)).Single();

    [LoggerMessage(1, LogLevel.Warning, "Deletions were not finished this time; they are tried again")]
    private partial void LogPutOff(Exception e);

    [LoggerMessage(2, LogLevel.Information, "{Count} accounts are erased")]
    private partial void LogFinished(int count);
}
