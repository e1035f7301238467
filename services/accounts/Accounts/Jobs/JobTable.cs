using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// The read model of jobs, one row a job, written in the transaction that changes the job. How far it is
/// (<c>done</c>, <c>total</c>) is a measurement and written by those who measure.
/// </summary>
public sealed class JobTable : EventProjection
{
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
        table.AddColumn<long>("bytes");
        table.AddColumn<string>("reference");
        table.AddColumn<DateTimeOffset>("created_at").NotNull();
        table.AddColumn<DateTimeOffset>("moved_at").NotNull();
        table.AddColumn<DateTimeOffset>("finished_at");
        table.Indexes.Add(new IndexDefinition("job_created") { Columns = ["created_at", "id"] });
        table.Indexes.Add(new IndexDefinition("job_running") { Columns = ["moved_at"], Predicate = "state = 'running'" });
        return table;
    }

    /// <inheritdoc/>
    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        switch (e.Data)
        {
            case JobStarted s:
                var by = EventHeaders.CallerOf(e);
                operations.QueueSqlCommand(
                    """
                    insert into job (id, kind, state, domain, account_id, started_by, total, created_at, moved_at) values (?, ?, 'running', ?, ?, ?, ?, ?, ?)
                    on conflict (id) do update set state = 'running', finished_at = null, reference = null
                    """,
                    s.JobId, s.Kind, s.Domain, (object?)s.AccountId ?? DBNull.Value, by.AccountId ?? by.Login, s.Total, s.At, s.At);
                break;
            case JobSucceeded d:
                operations.QueueSqlCommand(
                    "update job set state = 'succeeded', done = ?, total = ?, bytes = ?, moved_at = ?, finished_at = ? where id = ?",
                    d.Items, d.Items, (object?)d.Bytes ?? DBNull.Value, d.At, d.At, e.StreamKey!);
                break;
            case JobFailed f:
                operations.QueueSqlCommand(
                    "update job set state = 'failed', reference = ?, moved_at = ?, finished_at = ? where id = ?", f.Reference, f.At, f.At, e.StreamKey!);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Writes how far a running job is; never less than before, so repeated and reordered reports do no harm.</summary>
    public static async Task MoveAsync(NpgsqlDataSource database, string job, long done, long total, DateTimeOffset now, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            """
            update job set done = greatest(done, least($2, $3)), total = greatest(total, $3), moved_at = $4
            where id = $1 and state = 'running' and (done < least($2, $3) or total < $3)
            """);
        foreach (var value in new object[] { job, done, total, now }) command.Parameters.Add(new() { Value = value });
        await command.ExecuteNonQueryAsync(stop);
    }
}
