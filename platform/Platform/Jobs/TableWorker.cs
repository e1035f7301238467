using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hikyaku.Platform;

/// <summary>
/// Does what a table holds, a few things at a time in each instance of a program. It is woken when there may be something; what nobody wakes
/// it for it finds in the table by itself within a second.
/// </summary>
/// <param name="atOnce">How many things at a time.</param>
/// <param name="log">Where it logs that the table could not be read.</param>
public abstract partial class TableWorker(int atOnce, ILogger log) : BackgroundService
{
    /// <summary>How often something may fail by a fault of ours before it is given up.</summary>
    protected const int MostFaults = 5;

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);

    private readonly string _instance = $"{Environment.MachineName}-{Guid.NewGuid():N}";
    private readonly SemaphoreSlim _woken = new(0);

    /// <summary>There may be something to do.</summary>
    public void Wake()
    {
        if (_woken.CurrentCount < atOnce) _woken.Release(); // else all are awake already
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _woken.Dispose();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>How long something rests that has failed so often.</summary>
    protected static TimeSpan PauseAfter(int faults) => TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, Math.Pow(2, faults)));

    /// <summary>Takes one thing, if there is one, and does it; it fails only if the table cannot be read.</summary>
    /// <param name="owner">Who takes it.</param>
    /// <param name="stop">The program ends.</param>
    /// <returns>Whether there was one.</returns>
    protected abstract Task<bool> WorkOnceAsync(string owner, CancellationToken stop);

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => Task.WhenAll(Enumerable.Range(0, atOnce).Select(i => WorkAsync($"{_instance}-{i}", stoppingToken)));

    private async Task WorkAsync(string owner, CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (await WorkOnceAsync(owner, stop)) { }
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                LogNotLooked(log, e);
            }

            await ((Task)_woken.WaitAsync(Look, stop)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "The table of work could not be read; it is tried again in a second")]
    private static partial void LogNotLooked(ILogger log, Exception e);
}
