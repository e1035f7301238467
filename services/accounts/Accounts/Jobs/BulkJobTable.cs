using System.Text.Json;
using Hikyaku.Platform;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Jobs;

/// <summary>How far a bulk job is on its way. Until <see cref="Committed"/> it can be cancelled, from there on it runs to its end.</summary>
public static class BulkPhases
{
    /// <summary>Nobody has begun it.</summary>
    public const string Queued = "queued";

    /// <summary>The file is being looked at.</summary>
    public const string Checking = "checking";

    /// <summary>Addresses and room are being taken.</summary>
    public const string Reserving = "reserving";

    /// <summary>The point of no return is passed: everything is found good and reserved, and comes to be.</summary>
    public const string Committed = "committed";

    /// <summary>Everything is stored; the nodes have yet to obey.</summary>
    public const string Applied = "applied";

    /// <summary>It was found bad; what it reserved is given back, then it has failed.</summary>
    public const string Failing = "failing";

    /// <summary>Somebody has cancelled it; what it reserved is given back, then it is cancelled.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>Whether nothing has been done yet that could not be left alone.</summary>
    public static bool MayStillEnd(string phase) => phase is Queued or Checking or Reserving;
}

/// <summary>What a worker needs to know of a job that it has taken; what changes on the way is in the table.</summary>
/// <param name="Id">The job.</param>
/// <param name="Kind">One of <see cref="JobKinds"/>.</param>
/// <param name="Domain">In A-labels.</param>
/// <param name="DryRun">Whether it only looks.</param>
/// <param name="AskedBy">Who asked, through <c>csv</c>; who cancelled, once somebody did.</param>
/// <param name="Phase">One of <see cref="BulkPhases"/>, when it was taken.</param>
/// <param name="DefaultMb">What an account gets whose row names no capacity: decided once, however long the job runs.</param>
/// <param name="ReservedRows">How many rows have their address and room.</param>
/// <param name="ReservedMb">Room that was taken and is not an account's yet.</param>
/// <param name="AppliedRows">How many rows are done.</param>
/// <param name="Faults">How often it was put off by something that is not merely away.</param>
/// <param name="Position">Of a change that is committed: of the newest event then.</param>
public sealed record BulkJob(
    string Id, string Kind, string Domain, bool DryRun, Caller AskedBy, string Phase, int DefaultMb, int ReservedRows, long ReservedMb, int AppliedRows, int Faults,
    long? Position);

/// <summary>
/// The bulk jobs that have not ended, with the file of each, encrypted (it holds passwords), and a lease: whoever has set
/// <c>owner</c> works on it until <c>until</c>, and no longer unless they renew it. Every transaction of a worker begins with
/// <see cref="MineAsync"/>, so that a worker whose lease another has taken over changes nothing any more. The row goes when the
/// job ends.
/// </summary>
public static class BulkJobTable
{
    private const string Columns = "b.id, b.kind, b.domain, b.dry_run, b.asked_by, b.phase, b.default_mb, b.reserved_rows, b.reserved_mb, b.applied_rows, b.faults, b.position";

    // Of a job that has the room of its domain.
    private const string Holder = "kind = 'bulk-change' and phase = 'committed'";

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("bulk_job");
        table.AddColumn<string>("id").AsPrimaryKey();
        table.AddColumn<string>("kind").NotNull();
        table.AddColumn<string>("domain").NotNull();
        table.AddColumn<bool>("dry_run").NotNull();
        table.AddColumn<string>("asked_by").NotNull();
        table.AddColumn("upload", "bytea"); // SecretBox; null as soon as it is not needed any more
        table.AddColumn<string>("phase").NotNull();
        table.AddColumn<DateTimeOffset>("created_at").NotNull();
        table.AddColumn<string>("owner");
        table.AddColumn<DateTimeOffset>("until");
        table.AddColumn<int>("default_mb").NotNull().DefaultValue(0);
        table.AddColumn<int>("reserved_rows").NotNull().DefaultValue(0);
        table.AddColumn<int>("reserved_accounts").NotNull().DefaultValue(0); // counted in domain_usage and no account yet
        table.AddColumn<long>("reserved_mb").NotNull().DefaultValue(0);
        table.AddColumn<int>("applied_rows").NotNull().DefaultValue(0);
        table.AddColumn<int>("changed").NotNull().DefaultValue(0);
        table.AddColumn<int>("skipped").NotNull().DefaultValue(0);
        table.AddColumn<long>("position"); // of the newest event: of a change at its point of no return, then of all when everything is stored
        table.AddColumn<int>("faults").NotNull().DefaultValue(0);
        table.AddColumn<string>("reference");
        table.Indexes.Add(new IndexDefinition("bulk_job_created") { Columns = ["created_at", "id"] });
        return table;
    }

    /// <summary>A job waits from the end of the session's transaction on.</summary>
    public static void Add(IDocumentSession session, JobQueued job, Caller askedBy, byte[]? upload)
        => session.QueueSqlCommand(
            "insert into bulk_job (id, kind, domain, dry_run, asked_by, upload, phase, created_at) values (?, ?, ?, ?, ?, ?, 'queued', ?)",
            job.JobId, job.Kind, job.Domain, job.DryRun, JsonSerializer.Serialize(askedBy), (object?)upload ?? DBNull.Value, job.At);

    /// <summary>Takes the oldest job that nobody works on, or one that others may wait for; null when there is none.</summary>
    public static async Task<BulkJob?> TakeAsync(NpgsqlDataSource database, string owner, TimeSpan lease, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            $"""
            update bulk_job b set owner = $1, until = now() + $2
            where b.id = (
                select id from bulk_job where phase <> 'applied' and (until is null or until < now())
                order by {Holder} desc, created_at, id for update skip locked limit 1)
            returning {Columns}
            """);
        command.Parameters.Add(new() { Value = owner });
        command.Parameters.Add(new() { Value = lease });
        await using var row = await command.ExecuteReaderAsync(stop);
        return await row.ReadAsync(stop) ? Read(row) : null;
    }

    /// <summary>Prolongs a lease; false when it is somebody else's.</summary>
    public static async Task<bool> RenewAsync(NpgsqlDataSource database, string job, string owner, TimeSpan lease, CancellationToken stop)
    {
        await using var command = database.CreateCommand("update bulk_job set until = now() + $3 where id = $1 and owner = $2");
        foreach (var value in new object[] { job, owner, lease }) command.Parameters.Add(new() { Value = value });
        return await command.ExecuteNonQueryAsync(stop) == 1;
    }

    /// <summary>Gives a job back, to be taken again after a while.</summary>
    public static async Task GiveBackAsync(NpgsqlDataSource database, string job, string owner, TimeSpan pause, bool isFault, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            "update bulk_job set owner = null, until = now() + $3, faults = faults + $4 where id = $1 and owner = $2");
        foreach (var value in new object[] { job, owner, pause, isFault ? 1 : 0 }) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>The file, sealed.</summary>
    public static async Task<byte[]> UploadAsync(NpgsqlDataSource database, string job, CancellationToken stop)
    {
        await using var command = database.CreateCommand("select upload from bulk_job where id = $1");
        command.Parameters.Add(new() { Value = job });
        return await command.ExecuteScalarAsync(stop) as byte[] ?? throw new LeaseLostException();
    }

    /// <summary>Begins the session's transaction and takes the job's row until its end; throws when the lease is somebody else's.</summary>
    public static async Task<BulkJob> MineAsync(IDocumentSession session, string job, string owner, CancellationToken stop)
        => await LockAsync(session, $"select {Columns} from bulk_job b where b.id = $1 and b.owner = $2 for update", job, owner, stop) ?? throw new LeaseLostException();

    /// <summary>Begins the session's transaction and takes the job's row until its end, whoever works on it; null when it has ended.</summary>
    public static Task<BulkJob?> AnyAsync(IDocumentSession session, string job, CancellationToken stop)
        => LockAsync(session, $"select {Columns} from bulk_job b where b.id = $1 and $2 = '' for update", job, "", stop);

    /// <summary>
    /// Whether another job that is past its point of no return changes capacities in a domain: it has the room for what it
    /// read, so nobody changes a capacity until it is through, and what deletions free is withheld. To be asked with the
    /// domain's row locked.
    /// </summary>
    public static Task<bool> HoldsCapacitiesAsync(IDocumentSession session, string domain, CancellationToken stop) => IsAnyAsync(session, domain, Holder, stop);

    /// <summary>
    /// Whether the job that holds the capacities of a domain waits for a worker in vain, so that who waits for it must make room:
    /// all workers may wait for it.
    /// </summary>
    public static Task<bool> HolderWaitsAsync(IDocumentSession session, string domain, CancellationToken stop)
        => IsAnyAsync(session, domain, $"{Holder} and (until is null or until < now() - interval '2 seconds')", stop);

    private static async Task<bool> IsAnyAsync(IDocumentSession session, string domain, string job, CancellationToken stop)
    {
#pragma warning disable CA2100 // one of the constants above
        await using var command = new NpgsqlCommand($"select exists (select 1 from bulk_job where domain = $1 and {job})");
#pragma warning restore CA2100
        command.Parameters.Add(new() { Value = domain });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        await row.ReadAsync(stop);
        return row.GetBoolean(0);
    }

    private static async Task<BulkJob?> LockAsync(IDocumentSession session, string sql, string job, string owner, CancellationToken stop)
    {
        await session.BeginTransactionAsync(stop);
#pragma warning disable CA2100 // one of the constants above
        await using var command = new NpgsqlCommand(sql);
#pragma warning restore CA2100
        command.Parameters.Add(new() { Value = job });
        command.Parameters.Add(new() { Value = owner });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await row.ReadAsync(stop) ? Read(row) : null;
    }

    private static BulkJob Read(System.Data.Common.DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.GetString(2), row.GetBoolean(3), JsonSerializer.Deserialize<Caller>(row.GetString(4))!, row.GetString(5),
        row.GetInt32(6), row.GetInt32(7), row.GetInt64(8), row.GetInt32(9), row.GetInt32(10),
        row.IsDBNull(11) ? null : row.GetInt64(11));
}

/// <summary>The job waits for another one, which waits for a worker.</summary>
public sealed class JobMustWaitException : Exception
{
    /// <summary>Makes one.</summary>
    public JobMustWaitException() : base("Another job of the domain must go on first") { }

    /// <summary>Makes one.</summary>
    public JobMustWaitException(string message) : base(message) { }

    /// <summary>Makes one.</summary>
    public JobMustWaitException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>Another worker has taken the job over, or it has ended.</summary>
public sealed class LeaseLostException : Exception
{
    /// <summary>Makes one.</summary>
    public LeaseLostException() : base("Another worker has this job now") { }

    /// <summary>Makes one.</summary>
    public LeaseLostException(string message) : base(message) { }

    /// <summary>Makes one.</summary>
    public LeaseLostException(string message, Exception inner) : base(message, inner) { }
}
