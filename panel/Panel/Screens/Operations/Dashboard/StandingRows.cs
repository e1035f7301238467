namespace Hikyaku.Panel.Screens.Operations.Dashboard;

/// <summary>A restriction that holds.</summary>
/// <param name="Kind">Its kind.</param>
public sealed record RestrictionRow(string Kind);

/// <summary>A job that has not ended.</summary>
/// <param name="State">queued, running or paused.</param>
public sealed record JobStateRow(string State);

/// <summary>A mail node.</summary>
/// <param name="Name">Its name.</param>
/// <param name="State">serving, lagging, expired, rebuilding or retired.</param>
/// <param name="Lag">How far it is behind.</param>
/// <param name="Definitions">When its newest spam rules and virus signatures came; null: it fetches none.</param>
public sealed record NodeRow(string Name, string State, LagRow Lag, IReadOnlyDictionary<string, DateTimeOffset>? Definitions);

/// <summary>How far a node is behind.</summary>
/// <param name="Seconds">The age of the oldest event that it has not applied.</param>
/// <param name="Events">How many it has not applied.</param>
public sealed record LagRow(double Seconds, long Events);

/// <summary>Jobs that have not ended.</summary>
public static class JobStanding
{
    /// <summary>Their states.</summary>
    public static readonly IReadOnlyList<string> Open = ["running", "queued", "paused"];
}
