namespace Hikyaku.Platform.Testing;

/// <summary>A clock that moves when it is told to.</summary>
public sealed class SteppedTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => _now;

    /// <inheritdoc/>
    public override long GetTimestamp() => _now.Ticks;

    /// <summary>Moves it on.</summary>
    public void Pass(TimeSpan time) => _now += time;
}
