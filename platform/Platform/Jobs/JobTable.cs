using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Platform;

/// <summary>
/// The read model of jobs, one row a job, written in the transaction that changes the job. How far it is
/// (<c>done</c>, <c>total</c>) is a measurement and written by those who measure.
/// </summary>
public sealed class JobTable : EventProjection
{
    private readonly string _formerResult;

    /// <summary>Reads the events of jobs and no others.</summary>
    public JobTable(ServiceJobs jobs)
    {
        ArgumentNullException.ThrowIfNull(jobs);
        _formerResult = jobs.FormerResult;
        foreach (var type in Job.Events) IncludeType(type);
    }

    /// <summary>The list as a read model: how far a running job has come no event says.</summary>
    public static readonly ReadModel ReadModel = new("job", ["id"], ["done", "total", "stage", "moved_at"]);

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("job");
        table.AddColumn<string>("id").AsPrimaryKey();
        table.AddColumn<string>("kind").NotNull();
        table.AddColumn<string>("state").NotNull();
        table.AddColumn<string>("domain").NotNull();
        table.AddColumn<string>("account_id");
        table.AddColumn<string>("started_by").NotNull(); // a user's account id, or a login: who may see it
        table.AddColumn<long>("done").NotNull().DefaultValue(0);
        table.AddColumn<long>("total").NotNull();
        table.AddColumn("result", "jsonb"); // the record that the kind names, once it has succeeded
        table.AddColumn<string>("reference");
        table.AddColumn<long>("problems"); // how many; what they are is kept for a while only, see JobProblems
        table.AddColumn<bool>("dry_run").NotNull().DefaultValueByExpression("false");
        table.AddColumn<string>("stage"); // where it is, or was when it ended; one of the kind's
        table.AddColumn<string>("undoes"); // the job that this one undoes; one at most does
        table.AddColumn<DateTimeOffset>("created_at").NotNull();
        table.AddColumn<DateTimeOffset>("moved_at").NotNull();
        table.AddColumn<DateTimeOffset>("finished_at");
        table.Indexes.Add(new IndexDefinition("job_created") { Columns = ["created_at", "id"] });
        table.Indexes.Add(new IndexDefinition("job_undoes") { Columns = ["undoes"], IsUnique = true, Predicate = "undoes is not null" });
        table.Indexes.Add(new IndexDefinition("job_running") { Columns = ["moved_at"], Predicate = "state = 'running'" });
        return table;
    }

    /// <inheritdoc/>
    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case JobQueued q:
                operations.QueueSqlCommand(
                    """
                    insert into job (id, kind, state, domain, started_by, total, dry_run, created_at, moved_at, undoes) values (?, ?, 'queued', ?, ?, 0, ?, ?, ?, ?)
                    on conflict (id) do update set state = 'queued', finished_at = null, reference = null, stage = null
                    """,
                    q.JobId, q.Kind, q.Domain, Starter(e), q.DryRun, q.At, q.At, (object?)q.Undoes ?? DBNull.Value);
                break;
            case JobStarted s:
                operations.QueueSqlCommand(
                    """
                    insert into job (id, kind, state, domain, account_id, started_by, total, created_at, moved_at) values (?, ?, 'running', ?, ?, ?, ?, ?, ?)
                    on conflict (id) do update set state = 'running', total = excluded.total, moved_at = excluded.moved_at, finished_at = null, reference = null
                    """,
                    s.JobId, s.Kind, s.Domain, (object?)s.AccountId ?? DBNull.Value, Starter(e), s.Total, s.At, s.At);
                break;
            case JobSucceeded d:
                Succeeded(operations, e.StreamKey!, d);
                break;
            case JobFailed f:
                operations.QueueSqlCommand(
                    "update job set state = 'failed', undoes = null, reference = ?, problems = ?, moved_at = ?, finished_at = ? where id = ?",
                    (object?)f.Reference ?? DBNull.Value, (object?)f.Problems ?? DBNull.Value, f.At, f.At, e.StreamKey!);
                break;
            case JobCancelled c:
                operations.QueueSqlCommand("update job set state = 'cancelled', undoes = null, moved_at = ?, finished_at = ? where id = ?", c.At, c.At, e.StreamKey!);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Writes in the session's transaction at which stage a job is, and how far.</summary>
    public static void Move(IDocumentSession session, string job, string stage, long done, long total, DateTimeOffset now)
        => session.QueueSqlCommand("update job set stage = ?, done = ?, total = ?, moved_at = ? where id = ?", stage, done, total, now, job);

    /// <summary>Writes how far a running job is; never less than before, so repeated and reordered reports do no harm.</summary>
    public static async Task MoveAsync(NpgsqlDataSource database, string job, long done, long total, DateTimeOffset now, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(database);
        await using var command = database.CreateCommand(
            """
            update job set done = greatest(done, least($2, $3)), total = greatest(total, $3), moved_at = $4
            where id = $1 and state = 'running' and (done < least($2, $3) or total < $3)
            """);
        foreach (var value in new object[] { job, done, total, now }) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Forgets in the session's transaction that accounts which are erased have started jobs about themselves.</summary>
    public static void ForgetStarters(IDocumentSession session, string[] accounts)
        => session.QueueSqlCommand("update job set started_by = '' where account_id = any(?) and started_by = account_id", (object)accounts);

    private void Succeeded(IDocumentOperations operations, string job, JobSucceeded d)
    {
        var total = d.Items + (d.Skipped ?? 0);
        if (d.Result is { } result)
        {
            operations.QueueSqlCommand(
                "update job set state = 'succeeded', done = ?, total = ?, result = ?::jsonb, moved_at = ?, finished_at = ? where id = ?",
                d.Items, total, result.Json, d.At, d.At, job);
            return;
        }

        operations.QueueSqlCommand(
            $"""
            update job set state = 'succeeded', done = ?, total = ?, moved_at = ?, finished_at = ?, result = (
                select {_formerResult} from (select job.kind, ?::bigint as items, ?::bigint as bytes, ?::bigint as skipped) former)
            where id = ?
            """,
            d.Items, total, d.At, d.At, d.Items, (object?)d.Bytes ?? DBNull.Value, (object?)d.Skipped ?? DBNull.Value, job);
    }

    private static string Starter(IEvent e)
    {
        var by = EventHeaders.CallerOf(e);
        return by.AccountId ?? by.Login;
    }
}
