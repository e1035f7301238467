namespace Hikyaku.MailNode;

/// <summary>
/// What a service's clock shows when this machine's shows something else. Each answer that tells the service's time
/// gives an estimate: the service looked at its clock between the question and the answer. The estimate with the shortest round
/// trip is used, until it is ten minutes old or contradicts a newer one, as happens when a clock was set.
/// </summary>
public sealed class ServiceClock
{
    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);
    private readonly Lock _gate = new();
    private Estimate? _best;

    /// <summary>The service has told its time.</summary>
    /// <param name="asked">When it was asked, by this machine's clock.</param>
    /// <param name="theirs">What its clock showed.</param>
    /// <param name="answered">When the answer came, by this machine's clock.</param>
    public void Note(DateTimeOffset asked, DateTimeOffset theirs, DateTimeOffset answered)
    {
        if (answered < asked) return; // this machine's clock was set back meanwhile
        var estimate = new Estimate(theirs - answered, theirs - asked, answered);
        lock (_gate)
        {
            if (_best is null || estimate.Replaces(_best)) _best = estimate;
        }
    }

    /// <summary>
    /// This machine's time when the service's clock showed <paramref name="theirs"/>, or a little earlier, never later. Null while
    /// the service has not told its time.
    /// </summary>
    public DateTimeOffset? NotAfter(DateTimeOffset theirs)
    {
        lock (_gate) return theirs - _best?.AheadAtMost;
    }

    // By how much the service's clock is ahead of this machine's: at least, and at most.
    private sealed record Estimate(TimeSpan AheadAtLeast, TimeSpan AheadAtMost, DateTimeOffset At)
    {
        private TimeSpan RoundTrip => AheadAtMost - AheadAtLeast;

        public bool Replaces(Estimate older) => RoundTrip <= older.RoundTrip || (At - older.At).Duration() > Life
            || AheadAtLeast > older.AheadAtMost || AheadAtMost < older.AheadAtLeast;
    }
}
