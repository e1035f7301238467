namespace Hikyaku.Platform;

/// <summary>One part of a job's way (N-7).</summary>
/// <param name="Name">As its kind calls it.</param>
/// <param name="State">waiting, running, done, failed or cancelled.</param>
public sealed record JobStage(string Name, string State)
{
    /// <summary>The stages of a job; null where there is only one.</summary>
    /// <param name="names">All that jobs of the kind go through, in order.</param>
    /// <param name="state">One of <see cref="JobStates"/>.</param>
    /// <param name="at">The stage that it is at, or was when it ended; null before the first.</param>
    public static IReadOnlyList<JobStage>? Of(IReadOnlyList<string> names, string state, string? at)
    {
        if (names.Count == 0) return null;
        var reached = names.ToList().IndexOf(at ?? names[0]);
        return [.. names.Select((name, i) => new JobStage(name, StateOf(i, reached, state)))];
    }

    private static string StateOf(int stage, int reached, string state) => state switch
    {
        JobStates.Succeeded => "done",
        _ when stage < reached => "done",
        JobStates.Queued => "waiting",
        _ when stage > reached => "waiting",
        _ => state,
    };
}
