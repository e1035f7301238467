using System.Diagnostics;
using Hikyaku.Accounts.BulkChange;
using Hikyaku.Accounts.BulkRegistration;
using Hikyaku.Accounts.Undo;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// Works on bulk jobs, two at a time in each instance of the service (<c>Hikyaku:BulkJobsAtOnce</c>). It is woken by the queue; what no message tells (the
/// broker is away, or whoever had the job died) it finds in the table by itself within seconds. A job is an instance's as long
/// as its lease is renewed: another one takes an expired lease over and goes on where the table says.
/// </summary>
public sealed partial class BulkWorker(
    BulkSteps steps, RegisterAccounts registration, ChangeAccounts change, UndoJobs undo, NodeLeases leases, NpgsqlDataSource database, TimeProvider time, IConfiguration configuration,
    ILogger<BulkWorker> log) : BackgroundService
{
    private const int MostFaults = 5; // before the point of no return; after it a job is never given up
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LookAtNodes = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan WaitForOther = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);

    private readonly string _instance = $"{Environment.MachineName}-{Guid.NewGuid():N}";
    private readonly int _atOnce = configuration.GetValue("Hikyaku:BulkJobsAtOnce", 2); // none: other instances do them all
    private readonly SemaphoreSlim _woken = new(0);

    /// <summary>There may be a job.</summary>
    public void Wake()
    {
        if (_woken.CurrentCount < _atOnce) _woken.Release(); // else all are awake already
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _woken.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Task.WhenAll([.. Enumerable.Range(0, _atOnce).Select(i => WorkAsync($"{_instance}-{i}", stoppingToken)), FinishAsync(stoppingToken), ForgetAsync(stoppingToken)]);

    private async Task WorkAsync(string owner, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (await BulkJobTable.TakeAsync(database, owner, steps.Lease, stop) is { } job) await RunAsync(job, owner, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotLooked(e);
            }

            await ((Task)_woken.WaitAsync(Look, stop)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAsync(BulkJob job, string owner, CancellationToken stop)
    {
        using var mine = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var renewing = RenewAsync(job, owner, mine);
        try
        {
            await (job switch
            {
                { Phase: BulkPhases.Failing or BulkPhases.Cancelling } => steps.GiveBackAsync(job, owner, mine.Token),
                { Kind: JobKinds.BulkRegistration } => registration.RunAsync(job, owner, mine.Token),
                { Kind: JobKinds.Undo } => undo.RunAsync(job, owner, mine.Token),
                _ => change.RunAsync(job, owner, mine.Token),
            });
        }
        catch (LeaseLostException)
        {
            LogLost(job.Id); // it was cancelled, or another instance has it
        }
        catch (JobMustWaitException)
        {
            await LeaveAsync(job, owner, WaitForOther);
        }
        catch (OperationCanceledException) when (mine.IsCancellationRequested)
        {
            if (stop.IsCancellationRequested) await LeaveAsync(job, owner, TimeSpan.Zero);
            else LogLost(job.Id);
        }
        catch (Exception e)
        {
            await PutOffAsync(job, owner, e, stop);
        }
        finally
        {
            await mine.CancelAsync();
            await renewing;
        }
    }

    private async Task LeaveAsync(BulkJob job, string owner, TimeSpan pause)
    {
        try
        {
            await BulkJobTable.GiveBackAsync(database, job.Id, owner, pause, isFault: false, CancellationToken.None);
        }
        catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
        {
            LogNotRenewed(e, job.Id); // it is taken over when the lease has expired
        }
    }

    private async Task PutOffAsync(BulkJob job, string owner, Exception reason, CancellationToken stop)
    {
        var (isFault, reference) = (!ProblemExceptionHandler.IsAway(reason), ActivityTraceId.CreateRandom().ToString());
        LogPutOff(reason, job.Id, reference);
        if (isFault && job.Faults + 1 >= MostFaults && BulkPhases.MayStillEnd(job.Phase)) await steps.FailAsync(job, owner, reference, stop);
        var pause = TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, job.Faults)));
        await BulkJobTable.GiveBackAsync(database, job.Id, owner, pause, isFault, stop);
    }

    // Until the work ends; ends the work when the lease is lost or could not be renewed while it ran.
    private async Task RenewAsync(BulkJob job, string owner, CancellationTokenSource mine)
    {
        var renewed = time.GetTimestamp();
        using var timer = new PeriodicTimer(steps.Lease / 5, time);
        try
        {
            while (await timer.WaitForNextTickAsync(mine.Token))
            {
                try
                {
                    if (!await BulkJobTable.RenewAsync(database, job.Id, owner, steps.Lease, mine.Token)) break;
                    renewed = time.GetTimestamp();
                }
                catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
                {
                    LogNotRenewed(e, job.Id);
                    if (time.GetElapsedTime(renewed) > steps.Lease) break;
                }
            }

            await mine.CancelAsync();
        }
        catch (OperationCanceledException)
        {
            // the work has ended
        }
    }

    private async Task FinishAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(LookAtNodes, time);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop);
                await steps.EndObeyedAsync(leases, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotLooked(e);
            }
        }
    }

    private async Task ForgetAsync(CancellationToken stop)
    {
        using var timer = new PeriodicTimer(ForgetEvery, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            try
            {
                await JobProblems.ForgetAsync(database, time.GetUtcNow(), stop);
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogNotLooked(e); // in an hour, then
            }
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Bulk jobs were not looked at this time")]
    private partial void LogNotLooked(Exception e);

    [LoggerMessage(2, LogLevel.Information, "Job {Job} is somebody else's now")]
    private partial void LogLost(string job);

    [LoggerMessage(3, LogLevel.Error, "Job {Job} is put off, reference {Reference}")]
    private partial void LogPutOff(Exception e, string job, string reference);

    [LoggerMessage(4, LogLevel.Warning, "The lease of job {Job} was not renewed this time")]
    private partial void LogNotRenewed(Exception e, string job);
}
