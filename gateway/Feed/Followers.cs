using System.Diagnostics.Metrics;
using Hikyaku.Platform;

namespace Hikyaku.Feed;

/// <summary>Who follows the feed at this moment.</summary>
public sealed class Followers : IDisposable
{
    /// <summary>How many followers a process takes.</summary>
    public const int Max = 1000;

    /// <summary>How many followers one login may have, so that no login takes all places.</summary>
    public const int MaxOfLogin = 200;

    private static readonly Counter<long> Dropped = Telemetry.Meter.CreateCounter<long>("hikyaku.feed.followers_dropped", description: "Followers that read too slowly");
    private readonly Meter _meter = new(Telemetry.Meter.Name);
    private readonly HashSet<Follower> _present = [];

    /// <summary>Begins to count them.</summary>
    public Followers() => _meter.CreateObservableUpDownCounter("hikyaku.feed.followers", () => Count, description: "Open streams of events");

    /// <summary>How many there are.</summary>
    public int Count
    {
        get
        {
            lock (_present) return _present.Count;
        }
    }

    /// <summary>Adds a follower, which is removed when it is disposed; null when there are too many.</summary>
    public Follower? Begin(string login, CancellationToken gone)
    {
        lock (_present)
        {
            if (_present.Count >= Max || _present.Count(f => f.Login == login) >= MaxOfLogin) return null;
            var follower = new Follower(this, login, gone);
            _present.Add(follower);
            return follower;
        }
    }

    /// <summary>Ends all streams of a login.</summary>
    public void End(string login)
    {
        List<Follower> ended;
        lock (_present) ended = [.. _present.Where(f => f.Login == login)];
        foreach (var follower in ended) follower.End();
    }

    /// <inheritdoc/>
    public void Dispose() => _meter.Dispose();

    internal static void CountDropped() => Dropped.Add(1);

    internal void Remove(Follower follower)
    {
        lock (_present) _present.Remove(follower);
    }
}

/// <summary>One open stream.</summary>
public sealed class Follower : IDisposable
{
    private readonly Followers _all;
    private readonly CancellationTokenSource _end;
    private readonly Lock _lock = new();
    private bool _disposed;

    internal Follower(Followers all, string login, CancellationToken gone)
        => (_all, Login, _end) = (all, login, CancellationTokenSource.CreateLinkedTokenSource(gone));

    /// <summary>Whose it is.</summary>
    public string Login { get; }

    /// <summary>Cancelled when it has to end.</summary>
    public CancellationToken Ended => _end.Token;

    /// <summary>Ends it.</summary>
    public void End()
    {
        lock (_lock)
        {
            if (!_disposed) _end.CancelAfter(TimeSpan.Zero); // not on this thread
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _all.Remove(this);
        lock (_lock)
        {
            _disposed = true;
            _end.Dispose();
        }
    }
}
