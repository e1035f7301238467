using System.Diagnostics;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Work;

/// <summary>
/// Does copies, a few at a time in each instance of the service. A copy is an instance's as long as its lease is renewed: another one takes an
/// expired lease over and goes on where the journal says.
/// </summary>
public sealed partial class CopyWorker(CopyQueue queue, CopyRun run, WorkerSettings settings, ILogger<CopyWorker> log) : BackgroundService
{
    private const int MostFaults = 5;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private readonly string _instance = $"{Environment.MachineName}-{Guid.NewGuid():N}";
    private readonly SemaphoreSlim _woken = new(0);

    /// <summary>There may be a copy.</summary>
    public void Wake()
    {
        if (_woken.CurrentCount < settings.AtOnce) _woken.Release(); // else all are awake already
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _woken.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Task.WhenAll(Enumerable.Range(0, settings.AtOnce).Select(i => WorkAsync($"{_instance}-{i}", stoppingToken)));

    private async Task WorkAsync(string owner, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (await queue.TakeAsync(owner, stop) is { } job) await RunAsync(job, stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotLooked(e);
            }

            await ((Task)_woken.WaitAsync(Look, stop)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
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
        else await queue.GiveBackAsync(job, TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, job.Faults))), isFault, stop);
    }

    [LoggerMessage(1, LogLevel.Warning, "The table of copies could not be read; it is tried again in a second")]
    private partial void LogNotLooked(Exception e);

    [LoggerMessage(2, LogLevel.Information, "Lost the lease of copy {Job}")]
    private partial void LogLost(string job);

    [LoggerMessage(3, LogLevel.Error, "Copy {Job} is put off, reference {Reference}")]
    private partial void LogPutOff(Exception e, string job, string reference);
}
