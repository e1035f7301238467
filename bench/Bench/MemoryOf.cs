using System.Globalization;

namespace Hikyaku.Bench;

/// <summary>What a process has resident, looked at every 20 ms: before, and the most since.</summary>
internal sealed class MemoryOf : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private readonly CancellationTokenSource _stop = new();
    private readonly int _process;
    private readonly Task _looking;

    public MemoryOf(int process)
    {
        _process = process;
        Before = Peak = Now();
        _looking = Task.Run(LookAsync);
    }

    /// <summary>In MB of 1,048,576 bytes.</summary>
    public double Before { get; }

    /// <summary>In MB of 1,048,576 bytes.</summary>
    public double Peak { get; private set; }

    /// <summary>What a process has resident, in MB of 1,048,576 bytes.</summary>
    public static double Megabytes(string process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
        return double.Parse(line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _looking;
        _stop.Dispose();
    }

    private async Task LookAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Peak = Math.Max(Peak, Now());
            await Task.Delay(Interval, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private double Now() => Megabytes(_process.ToString(CultureInfo.InvariantCulture));
}
