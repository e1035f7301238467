using System.Text.Json;
using Marten;

namespace Hikyaku.Platform;

/// <summary>How a service cancels its jobs: <see cref="CancelJob"/>, or its own way.</summary>
public interface ICancelsJobs
{
    /// <summary>Cancels one; false when it has ended, must run to its end, or is not the caller's to cancel.</summary>
    Task<bool> TryAsync(string job, Caller caller, CancellationToken stop);
}

/// <summary>
/// Cancels a job that has not passed its point of no return; both take the job's row, so that one of them is first and the
/// other sees it. Who cancels takes the job's lease over and gives back what it holds; when that is interrupted, a worker
/// does the rest.
/// </summary>
public sealed class CancelJob(IDocumentStore store, JobWork work, JobWithdrawal withdrawal, JobSettings settings) : ICancelsJobs
{
    /// <inheritdoc/>
    public async Task<bool> TryAsync(string job, Caller caller, CancellationToken stop)
    {
        var owner = $"cancel-{Guid.NewGuid():N}";
        LeasedJob? cancelled;
        await using (var session = store.LightweightSession())
        {
            cancelled = await work.AnyAsync(session, job, stop);
            if (cancelled is null || !JobPhases.MayStillEnd(cancelled.Phase)) return false;
            session.QueueSqlCommand(
                $"update {work.TableName} set phase = 'cancelling', upload = null, asked_by = ?, owner = ?, until = now() + ? where id = ?",
                JsonSerializer.Serialize(caller), owner, settings.Lease, job);
            await session.SaveChangesAsync(CancellationToken.None);
        }

        try
        {
            await withdrawal.WithdrawAsync(cancelled with { Owner = owner }, CancellationToken.None);
        }
        catch (LeaseLostException)
        {
            // giving back took longer than the lease; a worker does the rest
        }

        return true;
    }
}
