using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform;

/// <summary>
/// Works on jobs, a few at a time in each instance of the service. It is woken by the queue; what no message tells (the broker
/// is away, or whoever had the job died) it finds in the table by itself within seconds. A job is an instance's as long as its
/// lease is renewed: another one takes an expired lease over and goes on where the table says.
/// </summary>
public sealed partial class JobWorker(
    JobWork work, JobSteps steps, JobWithdrawal withdrawal, IEnumerable<IJobWork> works, JobSettings settings, TimeProvider time, ILogger<JobWorker> log) : TableWorker(settings.AtOnce, log)
{
    private readonly Dictionary<string, IJobWork> _works = works.ToDictionary(w => w.Kind, StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override async Task<bool> WorkOnceAsync(string owner, CancellationToken stop)
    {
        if (await work.TakeAsync(owner, settings.Lease, stop) is not { } job) return false;
        await RunAsync(job, stop);
        return true;
    }

    private async Task RunAsync(LeasedJob job, CancellationToken stop)
    {
        using var mine = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var renewing = RenewAsync(job, mine);
        try
        {
            if (job.Phase is not (JobPhases.Failing or JobPhases.Cancelling)) await _works[job.Kind].RunAsync(job, mine.Token);
            await WithdrawAsync(job, mine.Token);
        }
        catch (LeaseLostException)
        {
            LogLost(job.Id); // it was cancelled, or another instance has it
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            if (stop.IsCancellationRequested) await LeaveAsync(job);
            else LogLost(job.Id);
        }
        catch (Exception e)
        {
            await PutOffAsync(job, e, stop);
        }
        finally
        {
            await mine.CancelAsync();
            await renewing;
        }
    }

    private async Task WithdrawAsync(LeasedJob job, CancellationToken stop)
    {
        if (await work.IsToWithdrawAsync(job, stop)) await withdrawal.WithdrawAsync(job, stop);
    }

    private async Task LeaveAsync(LeasedJob job)
    {
        try
        {
            await work.GiveBackAsync(job, TimeSpan.Zero, isFault: false, CancellationToken.None);
        }
        catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
        {
            LogNotRenewed(e, job.Id); // it is taken over when the lease has expired
        }
    }

    private async Task PutOffAsync(LeasedJob job, Exception reason, CancellationToken stop)
    {
        var (isFault, reference) = (!ProblemExceptionHandler.IsAway(reason), ActivityTraceId.CreateRandom().ToString());
        LogPutOff(reason, job.Id, reference);
        if (isFault && job.Faults + 1 >= MostFaults && JobPhases.MayStillEnd(job.Phase))
        {
            await steps.FailAsync(job, reference, stop);
            await WithdrawAsync(job, stop);
        }

        var pause = PauseAfter(job.Faults);
        await work.GiveBackAsync(job, pause, isFault, stop);
    }

    // Renews the lease until the work ends. Cancels the work if the lease is lost or cannot be renewed.
    private async Task RenewAsync(LeasedJob job, CancellationTokenSource mine)
    {
        var renewed = time.GetTimestamp();
        using var timer = new PeriodicTimer(settings.Lease / 5, time);
        try
        {
            while (await timer.WaitForNextTickAsync(mine.Token))
            {
                try
                {
                    if (!await work.RenewAsync(job, settings.Lease, mine.Token)) break;
                    renewed = time.GetTimestamp();
                }
                catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
                {
                    LogNotRenewed(e, job.Id);
                    if (time.GetElapsedTime(renewed) > settings.Lease) break;
                }
            }

            await mine.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // the work has ended
        }
    }

    [LoggerMessage(2, LogLevel.Information, "Lost the lease of job {Job}")]
    private partial void LogLost(string job);

    [LoggerMessage(3, LogLevel.Error, "Job {Job} is put off, reference {Reference}")]
    private partial void LogPutOff(Exception e, string job, string reference);

    [LoggerMessage(4, LogLevel.Warning, "The lease of job {Job} was not renewed this time")]
    private partial void LogNotRenewed(Exception e, string job);
}
