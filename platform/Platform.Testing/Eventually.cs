using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// Waits, within a limit, for what can be observed. An observation that throws counts as not yet there, as during a restart;
/// the failure tells the last value or exception.
/// </summary>
public static class Eventually
{
    /// <summary>How long is waited unless told otherwise. Long, as the machine may be busy: only what fails takes so long.</summary>
    public static readonly TimeSpan Usual = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits until a condition holds.</summary>
    public static Task Async(Func<bool> condition, TimeSpan? within = null, [CallerArgumentExpression(nameof(condition))] string expected = "")
        => Async(() => Task.FromResult(condition()), within, expected);

    /// <summary>Waits until a condition holds.</summary>
    [OverloadResolutionPriority(1)]
    public static Task Async(Func<Task<bool>> condition, TimeSpan? within = null, [CallerArgumentExpression(nameof(condition))] string expected = "")
        => Async(condition, holds => holds, within, expected);

    /// <summary>Waits until a value is as wanted; answers that value.</summary>
    public static Task<T> Async<T>(Func<T> observe, Func<T, bool> wanted, TimeSpan? within = null, [CallerArgumentExpression(nameof(wanted))] string expected = "")
        => Async(() => Task.FromResult(observe()), wanted, within, expected);

    /// <summary>Waits until a value is as wanted; answers that value.</summary>
    [OverloadResolutionPriority(1)] // what answers a task is awaited
    public static async Task<T> Async<T>(
        Func<Task<T>> observe, Func<T, bool> wanted, TimeSpan? within = null, [CallerArgumentExpression(nameof(wanted))] string expected = "")
    {
        ArgumentNullException.ThrowIfNull(observe);
        ArgumentNullException.ThrowIfNull(wanted);
        var limit = within ?? Usual;
        object? last;
        var since = Stopwatch.StartNew();
        do
        {
            try
            {
                var value = await observe();
                if (wanted(value)) return value;
                last = value;
            }
            catch (Exception e)
            {
                last = e; // told when the time is over
            }

            await Task.Delay(Pause);
        }
        while (since.Elapsed < limit);

        Assert.Fail($"Not within {limit.TotalSeconds:0.###} s: {expected}\nLast seen: {Wording.Of(last)}");
        return default;
    }
}
