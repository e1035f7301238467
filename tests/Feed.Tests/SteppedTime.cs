namespace Hikyaku.Feed.Tests;

/// <summary>A clock that moves when it is told to.</summary>
public sealed class SteppedTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.Ticks;

    public void Pass(TimeSpan time) => _now += time;
}
