using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// The steps that registrations and changes have in common. Each is one transaction that holds the job's row: it happens whole
/// or not at all, once, and not after another worker has taken the job over.
/// </summary>
public sealed class BulkSteps(IDocumentStore store, NpgsqlDataSource database, SecretBox box, TimeProvider time, IConfiguration configuration)
{
    private const int MostStreams = 2000; // one transaction of more would hold every subscription back for too long

    /// <summary>How many rows are done in one transaction (<c>Hikyaku:BulkRows</c>).</summary>
    public int RowsAtOnce { get; } = Math.Clamp(configuration.GetValue("Hikyaku:BulkRows", 500), 1, MostStreams);

    /// <summary>How long a worker has a job without renewing its lease (<c>Hikyaku:BulkLeaseSeconds</c>).</summary>
    public TimeSpan Lease { get; } = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:BulkLeaseSeconds", 15.0));

    /// <summary>Begins a step: a transaction that holds the job's row, and stamps events with the job and who asked for it.</summary>
    public async Task<(IDocumentSession Session, BulkJob Job)> BeginAsync(BulkJob job, string owner, CancellationToken stop)
    {
        var session = store.LightweightSession();
        try
        {
            var mine = await BulkJobTable.MineAsync(session, job.Id, owner, stop);
            EventHeaders.Stamp(session, mine.AskedBy, job.Id);
            return (session, mine);
        }
        catch
        {
            await session.DisposeAsync();
            throw;
        }
    }

    /// <summary>The file as it is read. It is read anew by whoever takes the job over, and then says the same.</summary>
    internal async Task<CsvContent> ReadFileAsync(BulkJob job, CancellationToken stop)
        => CsvFile.Read(box.Open(await BulkJobTable.UploadAsync(database, job.Id, stop)), job.Kind == JobKinds.BulkRegistration ? CsvKind.Registration : CsvKind.Change);

    /// <summary>The job has begun, and looks at its file.</summary>
    public async Task StartAsync(BulkJob job, string owner, int rows, CancellationToken stop)
    {
        var (session, mine) = await BeginAsync(job, owner, stop);
        await using var _ = session;
        if (mine.Phase != BulkPhases.Queued) return; // whoever had it before has said so
        session.Events.Append(job.Id, new JobStarted(job.Id, job.Kind, job.Domain, null, rows, time.GetUtcNow()));
        session.QueueSqlCommand("update bulk_job set phase = 'checking' where id = ?", job.Id);
        JobTable.Move(session, job.Id, JobStages.Check, 0, rows, time.GetUtcNow());
        await session.SaveChangesAsync(stop);
    }

    /// <summary>What is asked for cannot be: nothing of it happens, and what was reserved is given back.</summary>
    internal async Task FailAsync(BulkJob job, string owner, FileProblems problems, CancellationToken stop)
    {
        var (session, _) = await BeginAsync(job, owner, stop);
        await using (session)
        {
            JobProblems.Store(session, job.Id, problems.Shown, problems.More, time.GetUtcNow());
            session.QueueSqlCommand("update bulk_job set phase = 'failing', upload = null where id = ?", job.Id);
            await session.SaveChangesAsync(stop);
        }

        await GiveBackAsync(job, owner, stop);
    }

    /// <summary>The platform's fault, and again: nothing of it happens. The logs tell why, under the reference.</summary>
    public async Task FailAsync(BulkJob job, string owner, string reference, CancellationToken stop)
    {
        var (session, mine) = await BeginAsync(job, owner, stop);
        await using (session)
        {
            if (!BulkPhases.MayStillEnd(mine.Phase)) return;
            session.QueueSqlCommand("update bulk_job set phase = 'failing', upload = null, reference = ? where id = ?", reference, job.Id);
            await session.SaveChangesAsync(stop);
        }

        await GiveBackAsync(job, owner, stop);
    }

    /// <summary>Gives back what a job has reserved, some at a time, and ends it as failed or cancelled.</summary>
    public async Task GiveBackAsync(BulkJob job, string owner, CancellationToken stop)
    {
        while (await GiveBackSomeAsync(job, owner, stop) > 0) { }
        var (session, mine) = await BeginAsync(job, owner, stop);
        await using var _ = session;
        await DomainUsage.LockAsync(session, job.Domain, stop);
        var reserved = await NumbersAsync(session, job.Id, stop);
        session.QueueSqlCommand("update domain_usage set accounts = accounts - ?, capacity_mb = capacity_mb - ? where domain = ?", reserved.Accounts, reserved.Mb, job.Domain);
        object end = mine.Phase == BulkPhases.Cancelling
            ? new JobCancelled(time.GetUtcNow())
            : new JobFailed(reserved.Reference, time.GetUtcNow(), await JobProblems.CountAsync(session, job.Id, stop));
        await EndAsync(session, job.Id, end, stop);
    }

    /// <summary>It only was to look, and there is nothing wrong.</summary>
    public async Task EndDryRunAsync(BulkJob job, string owner, long items, long? skipped, CancellationToken stop)
    {
        var (session, _) = await BeginAsync(job, owner, stop);
        await using var s = session;
        await EndAsync(session, job.Id, new JobSucceeded(items, null, time.GetUtcNow(), skipped), stop);
    }

    /// <summary>Everything is stored: the file goes, and the job waits until the nodes obey what is there now.</summary>
    public async Task AppliedAsync(BulkJob job, string owner, int rows, CancellationToken stop)
    {
        var (session, mine) = await BeginAsync(job, owner, stop);
        await using var s = session;
        // The room that was taken and not needed in the end: changes give some back, or an account was deleted meanwhile.
        session.QueueSqlCommand("update domain_usage set capacity_mb = capacity_mb - ? where domain = ?", mine.ReservedMb, job.Domain);
        if (job.Kind == JobKinds.BulkChange) DomainUsage.Release(session, job.Domain);
        session.QueueSqlCommand(
            """
            update bulk_job set phase = 'applied', upload = null, owner = null, until = null, reserved_mb = 0,
                position = (select coalesce(max(seq_id), 0) from mt_events) where id = ?
            """,
            job.Id);
        JobTable.Move(session, job.Id, JobStages.InForce, rows, rows, time.GetUtcNow());
        await session.SaveChangesAsync(stop);
    }

    /// <summary>Ends the jobs whose changes every node that counts obeys.</summary>
    public async Task EndObeyedAsync(NodeLeases leases, CancellationToken stop)
    {
        foreach (var (id, position) in await AppliedAsync(stop))
        {
            if (!await leases.HaveAllAppliedAsync(position, stop)) continue;
            await using var session = store.LightweightSession();
            if (await BulkJobTable.AnyAsync(session, id, stop) is not { Phase: BulkPhases.Applied } job) continue; // another instance was faster
            EventHeaders.Stamp(session, job.AskedBy, id);
            var numbers = await NumbersAsync(session, id, stop);
            var (items, skipped) = job.Kind == JobKinds.BulkRegistration ? (job.AppliedRows, (long?)null) : (numbers.Changed, numbers.Skipped);
            await EndAsync(session, id, new JobSucceeded(items, null, time.GetUtcNow(), skipped), stop);
        }
    }

    private static Task EndAsync(IDocumentSession session, string job, object end, CancellationToken stop)
    {
        session.Events.Append(job, end);
        session.QueueSqlCommand("delete from bulk_job where id = ?", job);
        return session.SaveChangesAsync(stop);
    }

    private async Task<int> GiveBackSomeAsync(BulkJob job, string owner, CancellationToken stop)
    {
        var (session, _) = await BeginAsync(job, owner, stop);
        await using var s = session;
        var some = (await session.Query<AddressReservation>().Where(r => r.ReservedBy == job.Id).OrderBy(r => r.Id).Take(MostStreams).Select(r => r.Id).ToListAsync(stop)).ToArray();
        if (some.Length == 0) return 0;
        session.DeleteWhere<AddressReservation>(r => r.Id.IsOneOf(some));
        await session.SaveChangesAsync(stop);
        return some.Length;
    }

    private async Task<List<(string Id, long Position)>> AppliedAsync(CancellationToken stop)
    {
        await using var command = database.CreateCommand("select id, position from bulk_job where phase = 'applied' order by position limit 100");
        var jobs = new List<(string, long)>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) jobs.Add((row.GetString(0), row.GetInt64(1)));
        return jobs;
    }

    private static async Task<Numbers> NumbersAsync(IDocumentSession session, string job, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select reserved_accounts, reserved_mb, changed, skipped, reference from bulk_job where id = $1");
        command.Parameters.Add(new() { Value = job });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        await row.ReadAsync(stop);
        return new(row.GetInt32(0), row.GetInt64(1), row.GetInt32(2), row.GetInt32(3), await row.IsDBNullAsync(4, stop) ? null : row.GetString(4));
    }

    private readonly record struct Numbers(int Accounts, long Mb, int Changed, int Skipped, string? Reference);
}
