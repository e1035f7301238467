using System.Text.Json;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// Cancels a bulk job that has not passed its point of no return; both take the job's row, so that one of them is first and the
/// other sees it. Who cancels takes the job's lease over and gives back what is reserved; when that is interrupted, a worker
/// does the rest.
/// </summary>
public sealed class CancelBulkJob(IDocumentStore store, BulkSteps steps)
{
    /// <summary>Cancels it; false when it has ended or must run to its end.</summary>
    public async Task<bool> TryAsync(string job, Caller caller, CancellationToken stop)
    {
        var owner = $"cancel-{Guid.NewGuid():N}";
        BulkJob? cancelled;
        await using (var session = store.LightweightSession())
        {
            cancelled = await BulkJobTable.AnyAsync(session, job, stop);
            if (cancelled is null || !BulkPhases.MayStillEnd(cancelled.Phase)) return false;
            session.QueueSqlCommand(
                "update bulk_job set phase = 'cancelling', upload = null, asked_by = ?, owner = ?, until = now() + ? where id = ?",
                JsonSerializer.Serialize(caller), owner, steps.Lease, job);
            await session.SaveChangesAsync(CancellationToken.None);
        }

        try
        {
            await steps.GiveBackAsync(cancelled, owner, CancellationToken.None);
        }
        catch (LeaseLostException)
        {
            // a worker gives the rest back: it took longer than the lease
        }

        return true;
    }
}
