using System.Data.Common;
using System.Text.Json;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Platform;

/// <summary>
/// The jobs that workers have to do and that have not ended: one row each, with what was handed in, encrypted, and a lease.
/// Whoever has set <c>owner</c> works on it until <c>until</c>, and no longer unless they renew it. Every transaction of a
/// worker begins with <see cref="MineAsync"/>, so that a worker whose lease another has taken over changes nothing any more.
/// The row goes when the job ends. See docs/decisions/0029.
/// </summary>
public sealed class JobWork(NpgsqlDataSource database, ServiceJobs jobs)
{
    private const string Columns = "b.id, b.kind, b.domain, b.dry_run, b.asked_by, b.phase, b.faults, b.position, b.reference, b.owner";

    /// <summary>The table's name.</summary>
    public string TableName => jobs.WorkTable;

    /// <summary>The table, beside Marten's own, with the columns that every job has.</summary>
    public static Table Table(ServiceJobs jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        var table = new Table(jobs.WorkTable);
        table.AddColumn<string>("id").AsPrimaryKey();
        table.AddColumn<string>("kind").NotNull();
        table.AddColumn<string>("domain").NotNull();
        table.AddColumn<bool>("dry_run").NotNull();
        table.AddColumn<string>("asked_by").NotNull();
        table.AddColumn("upload", "bytea"); // SecretBox; null as soon as it is not needed any more
        table.AddColumn<string>("phase").NotNull();
        table.AddColumn<string>("lane"); // of the jobs with the same one only the oldest is worked on; null: it waits for nobody
        table.AddColumn<DateTimeOffset>("created_at").NotNull();
        table.AddColumn<string>("owner");
        table.AddColumn<DateTimeOffset>("until");
        table.AddColumn<long>("position"); // of the newest event, when it was committed, then when everything was stored
        table.AddColumn<int>("faults").NotNull().DefaultValue(0);
        table.AddColumn<string>("reference");
        table.Indexes.Add(new IndexDefinition($"{jobs.WorkTable}_created") { Columns = ["created_at", "id"] });
        jobs.WorkColumns?.Invoke(table);
        return table;
    }

    /// <summary>A job waits from the end of the session's transaction on.</summary>
    /// <param name="session">The transaction, which stores <paramref name="job"/> too.</param>
    /// <param name="jobs">The service's jobs.</param>
    /// <param name="job">The job.</param>
    /// <param name="askedBy">Who asks; events of the job are stamped with it.</param>
    /// <param name="upload">What was handed in, sealed by <see cref="SecretBox"/>.</param>
    public static void Add(IDocumentSession session, ServiceJobs jobs, JobQueued job, Caller askedBy, byte[]? upload)
        => session.QueueSqlCommand(
            $"insert into {jobs.WorkTable} (id, kind, domain, dry_run, asked_by, upload, phase, lane, created_at) values (?, ?, ?, ?, ?, ?, 'queued', ?, ?)",
            job.JobId, job.Kind, job.Domain, job.DryRun, JsonSerializer.Serialize(askedBy), (object?)upload ?? DBNull.Value,
            jobs.Kind(job.Kind).IsInTurn && !job.DryRun ? job.Domain : DBNull.Value, job.At);

    /// <summary>Takes the oldest job that nobody works on and whose turn it is; null when there is none.</summary>
    public Task<LeasedJob?> TakeAsync(string owner, TimeSpan lease, CancellationToken stop) => database.FirstAsync(
        $"""
        update {TableName:sql} b set owner = {owner}, until = now() + {lease}
        where b.id = (
            select w.id from {TableName:sql} w
            where w.phase <> 'applied' and (w.until is null or w.until < now()) and not exists (
                select from {TableName:sql} o where o.lane = w.lane and o.id <> w.id and o.phase <> 'applied'
                    and ((o.created_at, o.id) < (w.created_at, w.id) or (o.owner is not null and o.until > now())))
            order by w.created_at, w.id for update skip locked limit 1)
        returning {Columns:sql}
        """, Read, stop);

    /// <summary>Prolongs a lease; false when it is somebody else's.</summary>
    public async Task<bool> RenewAsync(LeasedJob job, TimeSpan lease, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return await database.ExecuteAsync($"update {TableName:sql} set until = now() + {lease} where id = {job.Id} and owner = {job.Owner}", stop) == 1;
    }

    /// <summary>Gives a job back, to be taken again after a while.</summary>
    public Task GiveBackAsync(LeasedJob job, TimeSpan pause, bool isFault, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return database.ExecuteAsync(
            $"update {TableName:sql} set owner = null, until = now() + {pause}, faults = faults + {(isFault ? 1 : 0)} where id = {job.Id} and owner = {job.Owner}", stop);
    }

    /// <summary>What was handed in, sealed.</summary>
    public async Task<byte[]> UploadAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return await database.ValueAsync<byte[]>($"select upload from {TableName:sql} where id = {job.Id}", stop) ?? throw new LeaseLostException();
    }

    /// <summary>Whether a job that a worker has is to be withdrawn: it fails, or somebody has cancelled it.</summary>
    public Task<bool> IsToWithdrawAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return database.ValueAsync<bool>(
            $"select exists (select from {TableName:sql} where id = {job.Id} and owner = {job.Owner} and phase in ('failing', 'cancelling'))", stop);
    }

    /// <summary>The jobs of which everything is stored, those that wait the longest first, with the position of the newest event then.</summary>
    public Task<List<(string Id, long Position)>> AppliedAsync(int most, CancellationToken stop) => database.ListAsync(
        $"select id, position from {TableName:sql} where phase = 'applied' order by position limit {most}", row => (row.GetString(0), row.GetInt64(1)), stop);

    /// <summary>Begins the session's transaction and takes the job's row until its end; throws when the lease is somebody else's.</summary>
    public async Task<LeasedJob> MineAsync(IDocumentSession session, LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return await LockAsync(session, job.Id, job.Owner, stop) ?? throw new LeaseLostException();
    }

    /// <summary>Begins the session's transaction and takes the job's row until its end, whoever works on it; null when it has ended.</summary>
    public Task<LeasedJob?> AnyAsync(IDocumentSession session, string job, CancellationToken stop) => LockAsync(session, job, null, stop);

    private async Task<LeasedJob?> LockAsync(IDocumentSession session, string job, string? owner, CancellationToken stop)
    {
        await session.BeginTransactionAsync(stop);
        return await session.FirstAsync(
            $"select {Columns:sql} from {TableName:sql} b where b.id = {job} and b.owner is not distinct from coalesce({owner}::text, b.owner) for update", Read, stop);
    }

    private static LeasedJob Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3), JsonSerializer.Deserialize<Caller>(row.GetString(4))!, row.GetString(5),
        row.GetInt32(6), row.IsDBNull(7) ? null : row.GetInt64(7), row.TextOrNull(8), row.TextOrNull(9) ?? "");
}
