using System.Data.Common;
using System.Text.Json;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;
using Marten;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.DataCopy.Work;

/// <summary>A copy that a worker has taken.</summary>
/// <param name="JobId">The copy.</param>
/// <param name="AccountId">Whose mailbox it goes into.</param>
/// <param name="Owner">Who has its lease.</param>
/// <param name="Number">Names the copy in the journal.</param>
/// <param name="AskedBy">Who asked; events of the copy are stamped with it.</param>
/// <param name="CancelledBy">Who has cancelled it; null: nobody.</param>
/// <param name="Pauses">How many pauses it has made in a row.</param>
/// <param name="Faults">How often it was put off by something unexpected.</param>
/// <param name="Sealed">The <see cref="Assignment"/>.</param>
public sealed record LeasedCopy(string JobId, string AccountId, string Owner, long Number, Caller AskedBy, Caller? CancelledBy, int Pauses, int Faults, byte[] Sealed);

/// <summary>
/// The copies that have not ended, one row each, with a lease and what their workers need, sealed. Whoever has set <c>owner</c> works on it until
/// <c>until</c>, and no longer unless they renew it. The row goes when the copy ends, and with it all secrets (CPY-7).
/// </summary>
public sealed class CopyQueue(NpgsqlDataSource database, WorkerSettings settings)
{
    private const string Columns = "job_id, account_id, owner, number, asked_by, cancelled_by, pauses, faults, sealed";

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("copy_work");
        table.AddColumn<string>("job_id").AsPrimaryKey();
        table.AddColumn<string>("account_id").NotNull();
        table.AddColumn<string>("host").NotNull();
        table.AddColumn<long>("number").NotNull();
        table.AddColumn<string>("asked_by").NotNull();
        table.AddColumn<string>("cancelled_by");
        table.AddColumn("sealed", "bytea").NotNull();
        table.AddColumn<DateTimeOffset>("turn_at").NotNull(); // when it began to wait: whoever waits the longest is next
        table.AddColumn<DateTimeOffset>("not_before").NotNull();
        table.AddColumn<string>("owner");
        table.AddColumn<DateTimeOffset>("until");
        table.AddColumn<int>("pauses").NotNull().DefaultValue(0);
        table.AddColumn<int>("faults").NotNull().DefaultValue(0);
        table.Indexes.Add(new IndexDefinition("copy_work_account") { Columns = ["account_id"], IsUnique = true });
        return table;
    }

    /// <summary>A copy waits from the end of the session's transaction on.</summary>
    public static void Add(IDocumentSession session, RequestCopy job, Caller askedBy, byte[] sealedAssignment)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(job);
        session.QueueSqlCommand(
            "insert into copy_work (job_id, account_id, host, number, asked_by, sealed, turn_at, not_before) values (?, ?, ?, ?, ?, ?, ?, ?)",
            job.JobId, job.Account.AccountId, job.Form!.Host, job.Now.UtcTicks, JsonSerializer.Serialize(askedBy), sealedAssignment, job.Now, job.Now);
    }

    /// <summary>Takes the copy that has waited the longest, of those whose source has not enough copies already; null when there is none.</summary>
    public async Task<LeasedCopy?> TakeAsync(string owner, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        // One at a time, as each must see what the others have taken from a host.
        await using (var turn = Sql.Command($"select pg_advisory_xact_lock(hashtextextended('copy_work', 3))"))
        {
            turn.Connection = connection;
            await turn.ExecuteNonQueryAsync(stop);
        }

        LeasedCopy? taken;
        await using (var take = Sql.Command(
            $"""
            update copy_work c set owner = {owner}, until = now() + {settings.Lease}
            where c.job_id = (
                select w.job_id from copy_work w
                where (w.until is null or w.until < now()) and (w.not_before <= now() or w.cancelled_by is not null)
                    and (select count(*) from copy_work o where o.host = w.host and o.until >= now()) < {settings.PerHost}
                order by w.turn_at, w.job_id for update skip locked limit 1)
            returning {Columns:sql}
            """))
        {
            take.Connection = connection;
            await using var row = await take.ExecuteReaderAsync(stop);
            taken = await row.ReadAsync(stop) ? Read(row) : null;
        }

        await transaction.CommitAsync(stop);
        return taken;
    }

    /// <summary>Whether another copy could be done by a worker that is free.</summary>
    public Task<bool> IsAnybodyWaitingAsync(CancellationToken stop) => database.ValueAsync<bool>(
        $"""
        select exists (
            select from copy_work w where (w.until is null or w.until < now()) and w.not_before <= now()
                and (select count(*) from copy_work o where o.host = w.host and o.until >= now()) < {settings.PerHost})
        """, stop);

    /// <summary>Prolongs a lease; null when it is somebody else's, else whether the copy was cancelled.</summary>
    public async Task<bool?> RenewAsync(LeasedCopy job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return await database.ListAsync(
            $"update copy_work set until = now() + {settings.Lease} where job_id = {job.JobId} and owner = {job.Owner} returning cancelled_by is not null",
            row => row.GetBoolean(0), stop) is [var cancelled] ? cancelled : null;
    }

    /// <summary>Gives a copy back, to be taken again; it is the last one in the row now.</summary>
    public Task GiveBackAsync(LeasedCopy job, TimeSpan pause, bool isFault, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        return database.ExecuteAsync(
            $"""
            update copy_work set owner = null, until = null, turn_at = now(), not_before = now() + {pause}, faults = faults + {(isFault ? 1 : 0)}
            where job_id = {job.JobId} and owner = {job.Owner}
            """, stop);
    }

    /// <summary>Begins the session's transaction and takes the copy's row until its end; throws when the lease is somebody else's.</summary>
    public static async Task<LeasedCopy> MineAsync(IDocumentSession session, LeasedCopy job, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(job);
        if (!await ErasedAccounts.HoldAsync(session, job.AccountId, stop)) throw new LeaseLostException();
        return await session.FirstAsync($"select {Columns:sql} from copy_work where job_id = {job.JobId} and owner = {job.Owner} for update", Read, stop) ?? throw new LeaseLostException();
    }

    /// <summary>In the session's transaction, takes the row of a copy that nobody works on; null when somebody does, or it has ended.</summary>
    public static Task<LeasedCopy?> IdleAsync(IDocumentSession session, string jobId, CancellationToken stop) => session.FirstAsync(
        $"select {Columns:sql} from copy_work where job_id = {jobId} and (until is null or until < now()) for update", Read, stop);

    private static LeasedCopy Read(DbDataReader row) => new(
        row.GetString(0), row.GetString(1), row.TextOrNull(2) ?? "", row.GetInt64(3), JsonSerializer.Deserialize<Caller>(row.GetString(4))!,
        row.TextOrNull(5) is { } by ? JsonSerializer.Deserialize<Caller>(by) : null, row.GetInt32(6), row.GetInt32(7), row.GetFieldValue<byte[]>(8));
}
