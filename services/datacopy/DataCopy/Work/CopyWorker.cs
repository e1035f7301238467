using System.Diagnostics;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Work;

/// <summary>
/// Does copies, a few at a time in each instance of the service. A copy is an instance's as long as its lease is renewed: another one takes an
/// expired lease over and goes on where the journal says.
/// </summary>
public sealed partial class CopyWorker(CopyQueue queue, CopyRun run, WorkerSettings settings, ILogger<CopyWorker> log)
    : TableWorker(settings.AtOnce, log)
{
    /// <inheritdoc/>
    protected override async Task<bool> WorkOnceAsync(string owner, CancellationToken stop)
    {
        if (await queue.TakeAsync(owner, stop) is not { } job) return false;
        await RunAsync(job, stop);
        return true;
    }

    private async Task RunAsync(LeasedCopy job, CancellationToken stop)
    {
        try
        {
            await run.RunAsync(job, stop);
        }
        catch (LeaseLostException)
        {
            LogLost(job.JobId); // another instance has it, or the account is deleted
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await queue.GiveBackAsync(job, TimeSpan.Zero, isFault: false, CancellationToken.None);
        }
        catch (Exception e)
        {
            await PutOffAsync(job, e, stop);
        }
    }

    private async Task PutOffAsync(LeasedCopy job, Exception reason, CancellationToken stop)
    {
        var (isFault, reference) = (!ProblemExceptionHandler.IsAway(reason), ActivityTraceId.CreateRandom().ToString());
        LogPutOff(reason, job.JobId, reference);
        if (isFault && job.Faults + 1 >= MostFaults) await run.GiveUpAsync(job, reference, stop);
        else await queue.GiveBackAsync(job, PauseAfter(job.Faults), isFault, stop);
    }

    [LoggerMessage(2, LogLevel.Information, "Lost the lease of copy {Job}")]
    private partial void LogLost(string job);

    [LoggerMessage(3, LogLevel.Error, "Copy {Job} is put off, reference {Reference}")]
    private partial void LogPutOff(Exception e, string job, string reference);
}
