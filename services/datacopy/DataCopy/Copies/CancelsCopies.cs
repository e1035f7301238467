using System.Text.Json;
using Hikyaku.DataCopy.Work;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.DataCopy.Copies;

/// <summary>
/// Cancels copies (CPY-6): one that nobody works on ends at once. Of one that is running the worker hears within a second, and ends it with the batch
/// that is being written: until then no other copy may begin. A copy is its user's own (ROLE-1): administrators do not cancel it.
/// </summary>
public sealed class CancelsCopies(IDocumentStore store, NpgsqlDataSource database, CopyWorker worker, TimeProvider time) : ICancelsJobs
{
    /// <inheritdoc/>
    public async Task<bool> TryAsync(string job, Caller caller, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(caller);
        if (caller.Role is not (Roles.User or Roles.Operator)) return false;
        if (await EndIdleAsync(job, caller, stop)) return true;
        var by = JsonSerializer.Serialize(caller);
        var isRunning = await database.ExecuteAsync($"update copy_work set cancelled_by = coalesce(cancelled_by, {by}) where job_id = {job}", stop) == 1;
        worker.Wake(); // it may have been given back meanwhile
        return isRunning;
    }

    /// <summary><c>DELETE /api/v1/accounts/{address}/copies/{id}</c> → 200 with the copy.</summary>
    public static async Task<IResult> Handle(string address, string id, HttpContext http, CopyReader reader, ICancelsJobs cancel, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentNullException.ThrowIfNull(cancel);
        if (await reader.FindAsync(id, http, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        return await cancel.TryAsync(id, http.Asking().Caller, stop)
            ? new Answer(200, await reader.FindAsync(id, http, CancellationToken.None))
            : Problems.Of(PlatformProblems.JobNotCancellable);
    }

    private async Task<bool> EndIdleAsync(string job, Caller caller, CancellationToken stop)
    {
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, caller, job);
        await session.BeginTransactionAsync(stop);
        if (await CopyQueue.IdleAsync(session, job, stop) is not { } idle) return false;
        var stream = await session.Events.FetchForWriting<AccountCopies>(idle.AccountId, stop);
        var decision = CancelCopy.Decide(new(job, await CopyTable.CountsAsync(database, job, stop), time.GetUtcNow()), stream.Aggregate!);
        stream.AppendMany(decision.Events);
        Ends.Queue(session, job, decision.Events);
        await session.SaveChangesAsync(CancellationToken.None);
        return true;
    }
}
