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
    public async Task<LeasedJob?> TakeAsync(string owner, TimeSpan lease, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            $"""
            update {TableName} b set owner = $1, until = now() + $2
            where b.id = (
                select w.id from {TableName} w
                where w.phase <> 'applied' and (w.until is null or w.until < now()) and not exists (
                    select from {TableName} o where o.lane = w.lane and o.id <> w.id and o.phase <> 'applied'
                        and ((o.created_at, o.id) < (w.created_at, w.id) or (o.owner is not null and o.until > now())))
                order by w.created_at, w.id for update skip locked limit 1)
            returning {Columns}
            """);
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = lease });
        await using var row = await command.ExecuteReaderAsync(stop);
        return await row.ReadAsync(stop) ? Read(row) : null;
    }

    /// <summary>Prolongs a lease; false when it is somebody else's.</summary>
    public async Task<bool> RenewAsync(LeasedJob job, TimeSpan lease, CancellationToken stop)
        => await ChangeAsync(job, "until = now() + $3", stop, lease) == 1;

    /// <summary>Gives a job back, to be taken again after a while.</summary>
    public Task GiveBackAsync(LeasedJob job, TimeSpan pause, bool isFault, CancellationToken stop)
        => ChangeAsync(job, "owner = null, until = now() + $3, faults = faults + $4", stop, pause, isFault ? 1 : 0);

    /// <summary>What was handed in, sealed.</summary>
    public async Task<byte[]> UploadAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        await using var command = database.CreateCommand($"select upload from {TableName} where id = $1");
        command.Parameters.Add(new() { Value = job.Id });
        return await command.ExecuteScalarAsync(stop) as byte[] ?? throw new LeaseLostException();
    }

    /// <summary>Whether a job that a worker has is to be withdrawn: it fails, or somebody has cancelled it.</summary>
    public async Task<bool> IsToWithdrawAsync(LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        await using var command = database.CreateCommand($"select exists (select from {TableName} where id = $1 and owner = $2 and phase in ('failing', 'cancelling'))");
        command.Parameters.Add(new() { Value = job.Id });
        command.Parameters.Add(new() { Value = job.Owner });
        return (bool)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>The jobs of which everything is stored, those that wait the longest first, with the position of the newest event then.</summary>
    public async Task<List<(string Id, long Position)>> AppliedAsync(int most, CancellationToken stop)
    {
        await using var command = database.CreateCommand($"select id, position from {TableName} where phase = 'applied' order by position limit $1");
        command.Parameters.Add(new() { Value = most });
        var applied = new List<(string, long)>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) applied.Add((row.GetString(0), row.GetInt64(1)));
        return applied;
    }

    /// <summary>Begins the session's transaction and takes the job's row until its end; throws when the lease is somebody else's.</summary>
    public async Task<LeasedJob> MineAsync(IDocumentSession session, LeasedJob job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return await LockAsync(session, job.Id, "and b.owner = $2", job.Owner, stop) ?? throw new LeaseLostException();
    }

    /// <summary>Begins the session's transaction and takes the job's row until its end, whoever works on it; null when it has ended.</summary>
    public Task<LeasedJob?> AnyAsync(IDocumentSession session, string job, CancellationToken stop) => LockAsync(session, job, "and $2 = ''", "", stop);

    private async Task<int> ChangeAsync(LeasedJob job, string set, CancellationToken stop, params object[] values)
    {
        await using var command = database.CreateCommand($"update {TableName} set {set} where id = $1 and owner = $2");
        foreach (var value in values.Prepend(job.Owner).Prepend(job.Id)) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync(stop);
    }

    private async Task<LeasedJob?> LockAsync(IDocumentSession session, string job, string condition, string owner, CancellationToken stop)
    {
        await session.BeginTransactionAsync(stop);
#pragma warning disable CA2100 // the service's own name of its table, and the conditions above
        await using var command = new NpgsqlCommand($"select {Columns} from {TableName} b where b.id = $1 {condition} for update");
#pragma warning restore CA2100
        command.Parameters.Add(new() { Value = job });
        command.Parameters.Add(new() { Value = owner });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await row.ReadAsync(stop) ? Read(row) : null;
    }

    private static LeasedJob Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3), JsonSerializer.Deserialize<Caller>(row.GetString(4))!, row.GetString(5),
        row.GetInt32(6), row.IsDBNull(7) ? null : row.GetInt64(7), row.IsDBNull(8) ? null : row.GetString(8), row.IsDBNull(9) ? "" : row.GetString(9));
}
