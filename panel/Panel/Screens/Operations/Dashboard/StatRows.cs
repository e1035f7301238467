namespace Hikyaku.Panel.Screens.Operations.Dashboard;

/// <summary>A series of numbers.</summary>
/// <param name="Series">Its name.</param>
/// <param name="From">When the first step begins.</param>
/// <param name="StepSeconds">How long each step is.</param>
/// <param name="Parts">What is counted apart.</param>
public sealed record StatRow(string Series, DateTimeOffset From, int StepSeconds, IReadOnlyList<StatPartRow> Parts)
{
    /// <summary>How many steps there are.</summary>
    public int Steps => Parts.Count == 0 ? 0 : Parts[0].Values.Count;

    /// <summary>Whether nothing was counted.</summary>
    public bool IsEmpty => Parts.All(p => p.Sum == 0);

    /// <summary>Other when a number is another one, or the time has gone on by a step.</summary>
    public string Mark => $"{From.ToUnixTimeSeconds()} {StepSeconds} {string.Join(' ', Parts.Select(p => p.Sum))}";

    /// <summary>When a step begins.</summary>
    public DateTimeOffset Begin(int step) => From.AddSeconds((long)step * StepSeconds);
}

/// <summary>A part of a series.</summary>
/// <param name="Name">What is counted.</param>
/// <param name="Sum">How many in all.</param>
/// <param name="Values">How many in each step.</param>
/// <param name="Types">The types of the events that are counted; null: what is counted are no events.</param>
public sealed record StatPartRow(string Name, long Sum, IReadOnlyList<long> Values, IReadOnlyList<string>? Types);
