using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform;

/// <summary>Ends the jobs of which everything is stored and in force, and forgets what was wrong with old ones.</summary>
public sealed partial class JobEnds(
    JobSteps steps, JobWork work, JobProblems problems, IEnumerable<IJobWork> works, IEnumerable<NodeLeases> leases, TimeProvider time, ILogger<JobEnds> log) : BackgroundService
{
    private const int AtOnce = 100;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan ForgetEvery = TimeSpan.FromHours(1);
    private readonly Dictionary<string, IJobWork> _works = works.ToDictionary(w => w.Kind, StringComparer.Ordinal);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Task.WhenAll(EveryAsync(Look, EndAsync, stoppingToken), EveryAsync(ForgetEvery, stop => problems.ForgetAsync(time.GetUtcNow(), stop), stoppingToken));

    private async Task EveryAsync(TimeSpan interval, Func<CancellationToken, Task> action, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(interval, time);
        while (!stop.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(stop);
                await action(stop);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotLooked(e);
            }
        }
    }

    private async Task EndAsync(CancellationToken stop)
    {
        foreach (var (id, position) in await work.AppliedAsync(AtOnce, stop))
        {
            if (!await IsInForceAsync(position, stop)) continue;
            await using var step = await steps.BeginEndAsync(id, stop);
            if (step is null) continue;
            step.End(await _works[step.Job.Kind].SucceededAsync(step, stop));
            await step.SaveAsync(stop);
        }
    }

    private async Task<bool> IsInForceAsync(long position, CancellationToken stop)
    {
        foreach (var nodes in leases) // none in a service without node state
        {
            if (!await nodes.HaveAllAppliedAsync(position, stop)) return false;
        }

        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "Jobs that are done were not ended this time; it is tried again")]
    private partial void LogNotLooked(Exception e);
}
