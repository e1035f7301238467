using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Work;

/// <summary>Why a run is interrupted.</summary>
internal enum Interruption
{
    /// <summary>It is not.</summary>
    None,

    /// <summary>The lease is somebody else's, or cannot be renewed.</summary>
    LeaseLost,

    /// <summary>The user has cancelled the copy.</summary>
    Cancelled,

    /// <summary>Others have waited for long, and it is their turn.</summary>
    Turn,
}

/// <summary>Beside a run, once a second: renews the lease, looks whether the copy was cancelled or others wait, and writes how far it is.</summary>
internal sealed class CopyKeeper(LeasedCopy job, CopyQueue queue, CopyMeter meter, WorkerSettings settings, Func<CancellationToken, Task> extendGrant, TimeProvider time)
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    /// <summary>Why it has interrupted the run.</summary>
    public Interruption Why { get; private set; }

    /// <summary>Keeps it until <paramref name="run"/> is cancelled, which it does itself when the run is to be interrupted.</summary>
    public async Task KeepAsync(CancellationTokenSource run)
    {
        var (begun, renewed) = (time.GetTimestamp(), time.GetTimestamp());
        using var timer = new PeriodicTimer(Tick, time);
        try
        {
            while (await timer.WaitForNextTickAsync(run.Token))
            {
                try
                {
                    Why = await LookAsync(time.GetElapsedTime(begun) > settings.Turn, run.Token);
                    renewed = time.GetTimestamp();
                }
                catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
                {
                    if (time.GetElapsedTime(renewed) > settings.Lease) Why = Interruption.LeaseLost;
                }

                if (Why != Interruption.None) break;
            }

            await run.CancelAsync();
        }
        catch (OperationCanceledException) when (run.IsCancellationRequested)
        {
            return; // the run has ended
        }
        catch
        {
            await run.CancelAsync(); // nobody would renew its lease any more
            throw;
        }
    }

    private async Task<Interruption> LookAsync(bool isLong, CancellationToken stop)
    {
        if (await queue.RenewAsync(job, stop) is not { } isCancelled) return Interruption.LeaseLost;
        if (isCancelled) return Interruption.Cancelled;
        await meter.WriteAsync(stop);
        await extendGrant(stop);
        return isLong && await queue.IsAnybodyWaitingAsync(stop) ? Interruption.Turn : Interruption.None;
    }
}
