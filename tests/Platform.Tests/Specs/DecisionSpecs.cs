using Xunit;

namespace Hikyaku.Platform.Tests.Specs;

public class DecisionSpecs
{
    private static readonly Rejection Stale = new(PlatformProblems.Stale);
    private static readonly Rejection Forbidden = new(PlatformProblems.Forbidden);

    [Fact]
    public void Accepting_without_events_is_accepted()
    {
        var decision = Decision.Accept();

        Assert.True(decision.Accepted);
        Assert.Empty(decision.Events);
    }

    [Fact]
    public void Events_keep_their_order()
        => Assert.Equal<object>([1, "two", 3], Decision.Accept(1, "two", 3).Events);

    [Fact]
    public void Rejections_keep_their_order_and_nothing_happens()
    {
        var decision = Decision.Reject(Stale, Forbidden);

        Assert.False(decision.Accepted);
        Assert.Equal([Stale, Forbidden], decision.Rejections);
        Assert.Empty(decision.Events);
    }

    [Fact]
    public void A_broken_rule_keeps_the_events_from_being_made()
        => Assert.Equal([Stale], Decision.Unless([Stale], () => throw new InvalidOperationException("made though forbidden")).Rejections);

    [Fact]
    public void Without_a_broken_rule_the_events_happen()
        => Assert.Equal<object>([new ParcelLabelled("ink")], Decision.Unless([], () => [new ParcelLabelled("ink")]).Events);
}
