using Marten;

namespace Hikyaku.Platform;

/// <summary>
/// One step of a worker: a transaction that holds the job's row. It happens whole or not at all, once, and not after another
/// worker has taken the job over. Its events are stamped with the job and who asked for it.
/// </summary>
public sealed class JobStep : IAsyncDisposable
{
    private readonly string _table;

    internal JobStep(IDocumentSession session, LeasedJob job, string table, DateTimeOffset now)
    {
        (Session, Job, Now, _table) = (session, job, now, table);
        EventHeaders.Stamp(session, job.AskedBy, job.Id);
    }

    /// <summary>The transaction.</summary>
    public IDocumentSession Session { get; }

    /// <summary>The job as its row says now.</summary>
    public LeasedJob Job { get; }

    /// <summary>The one 'now' of the step, in UTC.</summary>
    public DateTimeOffset Now { get; }

    /// <summary>The job has come to a phase.</summary>
    public void Enter(string phase) => Session.QueueSqlCommand($"update {_table} set phase = ? where id = ?", phase, Job.Id);

    /// <summary>
    /// The job has passed its point of no return: nobody cancels it any more, and the position of the newest event is kept, which
    /// tells what was there then.
    /// </summary>
    public void Commit()
        => Session.QueueSqlCommand($"update {_table} set phase = 'committed', position = (select coalesce(max(seq_id), 0) from mt_events) where id = ?", Job.Id);

    /// <summary>At which stage the job is, and how far.</summary>
    public void Move(string stage, long done, long total) => JobTable.Move(Session, Job.Id, stage, done, total, Now);

    /// <summary>The job gets on: what went wrong before does not count any more.</summary>
    public void ForgetFaults() => Session.QueueSqlCommand($"update {_table} set faults = 0 where id = ? and faults > 0", Job.Id);

    /// <summary>The job ends with this step.</summary>
    public void End(object end)
    {
        Session.Events.Append(Job.Id, end);
        Session.QueueSqlCommand($"delete from {_table} where id = ?", Job.Id);
    }

    /// <summary>Stores the step.</summary>
    public Task SaveAsync(CancellationToken stop) => Session.SaveChangesAsync(stop);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Session.DisposeAsync();
}
