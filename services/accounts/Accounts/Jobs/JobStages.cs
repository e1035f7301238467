namespace Hikyaku.Accounts.Jobs;

/// <summary>One part of a job's way (N-7).</summary>
/// <param name="Name">One of <see cref="JobStages"/>.</param>
/// <param name="State">waiting, running, done, failed or cancelled.</param>
public sealed record JobStage(string Name, string State);

/// <summary>What bulk jobs go through. Other jobs have one part only, and say nothing of it.</summary>
public static class JobStages
{
    /// <summary>Everything in the file is looked at.</summary>
    public const string Check = "check";

    /// <summary>Addresses and room in the domain are taken.</summary>
    public const string Reserve = "reserve";

    /// <summary>The accounts come to exist.</summary>
    public const string Register = "register";

    /// <summary>The accounts are changed.</summary>
    public const string Change = "change";

    /// <summary>The mail nodes come to obey.</summary>
    public const string InForce = "in-force";

    /// <summary>The stages of a job; null where there is only one.</summary>
    /// <param name="kind">One of <see cref="JobKinds"/>.</param>
    /// <param name="dryRun">Whether it only looks.</param>
    /// <param name="state">One of <see cref="JobStates"/>.</param>
    /// <param name="at">The stage that it is at, or was when it ended; null before the first.</param>
    public static IReadOnlyList<JobStage>? Of(string kind, bool dryRun, string state, string? at)
    {
        string[] names = (kind, dryRun) switch
        {
            (JobKinds.BulkRegistration or JobKinds.BulkChange, true) => [Check],
            (JobKinds.BulkRegistration, _) => [Check, Reserve, Register, InForce],
            (JobKinds.BulkChange, _) => [Check, Change, InForce],
            _ => [],
        };
        if (names.Length == 0) return null;
        var reached = Array.IndexOf(names, at ?? names[0]);
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
