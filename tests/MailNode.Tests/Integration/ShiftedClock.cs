namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The time as a clock tells it that is not right.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    /// <summary>How much it is ahead.</summary>
    public TimeSpan By { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + By;
}
