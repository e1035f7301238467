using System.Diagnostics;
using System.Globalization;

namespace Hikyaku.Bench.Copying;

/// <summary>How a program ran.</summary>
/// <param name="Seconds">From its start to its end.</param>
/// <param name="CpuSeconds">What it has computed, in user and kernel mode.</param>
/// <param name="PeakMegabytes">The most that it had resident, in MB of 1,048,576 bytes.</param>
/// <param name="Code">Its exit code; null: it was stopped because it took too long.</param>
/// <param name="Output">What it printed.</param>
internal sealed record ToolRun(double Seconds, double CpuSeconds, double PeakMegabytes, int? Code, string Output);

/// <summary>Runs a program, and looks at its memory and time every 10 ms.</summary>
internal static class MeasuredProcess
{
    private const double TicksPerSecond = 100; // USER_HZ
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    public static async Task<ToolRun> RunAsync(string folder, TimeSpan within, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment) start.Environment[name] = value;
        var watch = Stopwatch.StartNew();
        using var process = Process.Start(start)!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        var ended = process.WaitForExitAsync();
        var (cpu, peak, stopped) = (0.0, 0.0, false);
        while (await Task.WhenAny(ended, Task.Delay(Interval)) != ended)
        {
            if (Look(process.Id) is { } seen) (cpu, peak) = seen;
            if (stopped || watch.Elapsed < within) continue;
            stopped = true;
            process.Kill(entireProcessTree: true);
        }

        return new(watch.Elapsed.TotalSeconds, cpu, peak, stopped ? null : process.ExitCode, await output + await errors);
    }

    // Null when the process has just ended.
    private static (double Cpu, double PeakMegabytes)? Look(int process)
    {
        try
        {
            var memory = File.ReadLines($"/proc/{process}/status").FirstOrDefault(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
            if (memory is null) return null;
            // After the name, which may have blanks, in brackets: the 14th and 15th field are utime and stime.
            var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
            return ((Number(fields[11]) + Number(fields[12])) / TicksPerSecond, Number(memory.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries)[1]) / 1024);
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
