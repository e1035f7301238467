namespace Hikyaku.Platform;

/// <summary>
/// How far a job of <see cref="JobWork"/> is. A kind has phases of its own between <see cref="Queued"/> and
/// <see cref="Committed"/>: in these the job can be cancelled and can fail, from there on it runs to its end.
/// </summary>
public static class JobPhases
{
    /// <summary>Nobody has begun it.</summary>
    public const string Queued = "queued";

    /// <summary>The point of no return is passed: it will be done, whatever happens.</summary>
    public const string Committed = "committed";

    /// <summary>Everything is stored; the nodes have yet to obey.</summary>
    public const string Applied = "applied";

    /// <summary>It cannot be done; what it holds is given back, then it has failed.</summary>
    public const string Failing = "failing";

    /// <summary>Somebody has cancelled it; what it holds is given back, then it is cancelled.</summary>
    public const string Cancelling = "cancelling";

    /// <summary>Whether nothing has been done yet that could not be left alone.</summary>
    public static bool MayStillEnd(string phase) => phase is not (Committed or Applied or Failing or Cancelling);
}
