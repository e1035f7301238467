namespace Hikyaku.Platform;

/// <summary>
/// Compares what runs. What goes on meanwhile (a node that is ahead, an erasure between two transactions) may look like a
/// disagreement for a moment, so that one counts only when three looks in a row, each with a snapshot of its own, find the same.
/// </summary>
public static class Looks
{
    private const int InARow = 3;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    /// <summary>Looks until nothing changes: answers what three looks in a row have found, or the last two when the time is over.</summary>
    /// <param name="look">One look; what it misses may still arrive until the time that it is told.</param>
    /// <param name="wait">How long a disagreement may take to go away. Zero: the first look counts.</param>
    /// <param name="stop">Stops it.</param>
    public static async Task<List<Disagreement>> SettledAsync(Func<Findings, DateTimeOffset, CancellationToken, Task> look, TimeSpan wait, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(look);
        var until = DateTimeOffset.UtcNow + wait;
        var looks = new Dictionary<Disagreement, int>();
        while (true)
        {
            var findings = new Findings();
            await look(findings, until, stop);
            var isFirst = looks.Count == 0;
            looks = findings.All.Distinct().ToDictionary(f => f, f => looks.GetValueOrDefault(f) + 1);
            if (looks.Values.All(n => n >= InARow)) return [.. looks.Keys];
            if (DateTimeOffset.UtcNow + Pause >= until) return [.. looks.Where(l => isFirst || l.Value > 1).Select(l => l.Key)];
            await Task.Delay(Pause, stop);
        }
    }
}
