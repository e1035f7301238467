namespace Hikyaku.MailNode;

/// <summary>What comparing with a service has found since the agent runs; the lease tells it.</summary>
public sealed class DriftSeen
{
    private readonly Lock _gate = new();
    private DateTimeOffset? _lastCheck;
    private long _repaired;

    /// <summary>When replica and service were compared last, and how many rows were repaired in all.</summary>
    public (DateTimeOffset? LastCheck, long Repaired) Now
    {
        get
        {
            lock (_gate) return (_lastCheck, _repaired);
        }
    }

    /// <summary>A comparison has ended.</summary>
    public void Note(DateTimeOffset at, int repaired)
    {
        lock (_gate)
        {
            _lastCheck = at;
            _repaired += repaired;
        }
    }
}
