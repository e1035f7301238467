namespace Hikyaku.Platform;

/// <summary>Where a job stands (GWY-5).</summary>
public static class JobStates
{
    /// <summary>Waits for a worker.</summary>
    public const string Queued = "queued";

    /// <summary>At work.</summary>
    public const string Running = "running";

    /// <summary>Begun, and waits for what is away, such as the server that mail is copied from; it goes on by itself.</summary>
    public const string Paused = "paused";

    /// <summary>Done and in force.</summary>
    public const string Succeeded = "succeeded";

    /// <summary>Not done; may be tried again.</summary>
    public const string Failed = "failed";

    /// <summary>Not done, because somebody did not want it any more.</summary>
    public const string Cancelled = "cancelled";

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> All = [Queued, Running, Paused, Succeeded, Failed, Cancelled];
}
