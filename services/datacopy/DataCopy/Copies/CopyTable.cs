using Hikyaku.Platform;
using JasperFx.Events;
using Marten;
using Marten.Events.Projections;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.DataCopy.Copies;

/// <summary>
/// All copies, one row each, and the same as jobs (<see cref="JobTable"/>); written in the transaction that changes them. How far a copy is, is measured by
/// its worker, which writes that itself.
/// </summary>
public sealed class CopyTable : EventProjection
{
    private static readonly string[] Measured = ["total", "copied", "already_there", "skipped", "failed", "bytes", "bytes_done", "rate", "folders", "missing", "detail"];

    /// <summary>For the verbs.</summary>
    public static readonly ReadModel ReadModel = new("mail_copy", ["id"], Measured);

    /// <summary>Reads the events of copies and no others.</summary>
    public CopyTable()
    {
        foreach (var type in AccountCopies.Events) IncludeType(type);
    }

    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("mail_copy");
        table.AddColumn<string>("id").AsPrimaryKey();
        table.AddColumn<string>("account_id").NotNull();
        table.AddColumn<string>("address").NotNull();
        table.AddColumn<string>("state").NotNull();
        table.AddColumn<string>("host").NotNull();
        table.AddColumn<int>("port");
        table.AddColumn<string>("security");
        table.AddColumn<string>("user_name").NotNull();
        table.AddColumn<string>("notify").NotNull();
        table.AddColumn<string>("reason"); // one of CopyReasons, once it has ended
        table.AddColumn<string>("cause"); // the copier's own reason, of a pause and of a failure
        table.AddColumn<string>("reference");
        table.AddColumn<DateTimeOffset>("paused_until");
        table.AddColumn<DateTimeOffset>("created_at").NotNull();
        table.AddColumn<DateTimeOffset>("started_at");
        table.AddColumn<DateTimeOffset>("finished_at");
        foreach (var count in (string[])["total", "copied", "already_there", "skipped", "failed", "bytes_done", "rate"]) table.AddColumn<long>(count).NotNull().DefaultValue(0);
        table.AddColumn<long>("bytes"); // null: the source does not tell
        table.AddColumn("folders", "jsonb");
        table.AddColumn("missing", "jsonb");
        table.AddColumn<string>("detail"); // what the server said
        table.Indexes.Add(new IndexDefinition("mail_copy_account") { Columns = ["account_id", "created_at", "id"] });
        return table;
    }

    /// <inheritdoc/>
    public override ValueTask ApplyAsync(IDocumentOperations operations, IEvent e, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(e);
        switch (e.Data)
        {
            case CopyRequested r:
                operations.QueueSqlCommand(
                    "insert into mail_copy (id, account_id, address, state, host, port, security, user_name, notify, created_at) values (?, ?, ?, 'queued', ?, ?, ?, ?, ?, ?) on conflict do nothing",
                    r.JobId, e.StreamKey!, r.Address ?? "", r.SourceHost ?? "", (object?)r.SourcePort ?? DBNull.Value, (object?)r.Security ?? DBNull.Value, r.SourceUserName ?? "", r.Notify ?? "", r.At);
                operations.QueueSqlCommand(
                    "insert into job (id, kind, state, domain, account_id, started_by, total, created_at, moved_at) values (?, ?, 'queued', ?, ?, ?, 0, ?, ?) on conflict do nothing",
                    r.JobId, DataCopyJobs.Kind, r.Domain, e.StreamKey!, e.StreamKey!, r.At, r.At);
                break;
            case CopyStarted s:
                operations.QueueSqlCommand("update mail_copy set state = 'running', started_at = ? where id = ?", s.At, s.JobId);
                Move(operations, s.JobId, JobStates.Running, s.At);
                break;
            case CopyPaused p:
                operations.QueueSqlCommand("update mail_copy set state = 'paused', cause = ?, paused_until = ? where id = ?", p.Cause, p.Until, p.JobId);
                Move(operations, p.JobId, JobStates.Paused, p.At);
                break;
            case CopyResumed r:
                operations.QueueSqlCommand("update mail_copy set state = 'running', cause = null, paused_until = null where id = ?", r.JobId);
                Move(operations, r.JobId, JobStates.Running, r.At);
                break;
            case CopySucceeded s:
                End(operations, s.JobId, JobStates.Succeeded, s.Reason, null, null, s.At);
                operations.QueueSqlCommand(
                    "update job set done = ?, total = ?, result = ?::jsonb where id = ?", s.Counts.Total, s.Counts.Total,
                    JobResult.Of(new CopiedMail(s.Counts.Copied, s.Counts.AlreadyThere, s.Counts.SkippedTooLarge, s.Reason)).Json, s.JobId);
                break;
            case CopyFailed f:
                End(operations, f.JobId, JobStates.Failed, f.Reason, f.Cause, f.Reference, f.At);
                break;
            case CopyCancelled c:
                End(operations, c.JobId, JobStates.Cancelled, null, null, null, c.At);
                break;
            case CopiesErased x:
                operations.QueueSqlCommand("delete from mail_copy where account_id = ?", e.StreamKey!);
                operations.QueueSqlCommand("update job set started_by = '' where account_id = ?", e.StreamKey!);
                operations.QueueSqlCommand(
                    "update job set state = ?, moved_at = ?, finished_at = ? where account_id = ? and finished_at is null", JobStates.Cancelled, x.At, x.At, e.StreamKey!);
                break;
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>What a copy has come to so far.</summary>
    public static async Task<CopyCounts> CountsAsync(NpgsqlDataSource database, string job, CancellationToken stop)
        => (await database.ListAsync(
            $"select total, copied, already_there, skipped, failed from mail_copy where id = {job}",
            row => new CopyCounts(row.GetInt64(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3), row.GetInt64(4)), stop)).SingleOrDefault() ?? CopyCounts.None;

    private static void Move(IDocumentOperations operations, string job, string state, DateTimeOffset at)
        => operations.QueueSqlCommand("update job set state = ?, moved_at = ? where id = ?", state, at, job);

    private static void End(IDocumentOperations operations, string job, string state, string? reason, string? cause, string? reference, DateTimeOffset at)
    {
        operations.QueueSqlCommand(
            "update mail_copy set state = ?, reason = ?, cause = ?, reference = ?, paused_until = null, finished_at = ? where id = ?",
            state, (object?)reason ?? DBNull.Value, (object?)cause ?? DBNull.Value, (object?)reference ?? DBNull.Value, at, job);
        operations.QueueSqlCommand(
            "update job set state = ?, reference = ?, moved_at = ?, finished_at = ? where id = ?", state, (object?)reference ?? DBNull.Value, at, at, job);
    }
}
