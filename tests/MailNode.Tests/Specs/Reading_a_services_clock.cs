namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Reading_a_services_clock
{
    private static readonly DateTimeOffset Now = new(2026, 11, 28, 9, 0, 0, TimeSpan.Zero);
    private readonly ServiceClock _clock = new();

    [Fact, Trait("Rule", "ACC-6")]
    public void A_time_is_not_known_before_the_service_has_told_its_own() => Assert.Null(_clock.NotAfter(Now));

    [Theory, Trait("Rule", "ACC-6")]
    [InlineData(0)]
    [InlineData(600)]
    [InlineData(-600)]
    public void A_time_is_never_taken_for_a_later_one_and_for_an_earlier_one_by_the_round_trip(int ahead)
    {
        Note(asked: 0, theirs: ahead + 0.25, answered: 0.5);
        Assert.Equal(At(100 - 0.25), _clock.NotAfter(At(ahead + 100)));
        Note(asked: 5, theirs: ahead + 5.5, answered: 5.5); // looked at its clock at the last moment
        Assert.Equal(At(100 - 0.5), _clock.NotAfter(At(ahead + 100)));
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void A_slow_answer_does_not_replace_what_a_quick_one_has_told()
    {
        Note(asked: 0, theirs: 10.0078125, answered: 0.015625);
        Note(asked: 5, theirs: 22, answered: 12);
        Assert.Equal(At(100 - 0.0078125), _clock.NotAfter(At(110)));
    }

    [Fact, Trait("Rule", "ACC-6")]
    public void A_slow_answer_does_after_ten_minutes_and_when_a_clock_was_set()
    {
        Note(asked: 0, theirs: 10.0078125, answered: 0.015625);
        Note(asked: 601, theirs: 614, answered: 605);
        Assert.Equal(At(100 - 13 + 10), _clock.NotAfter(At(110)));
        Note(asked: 610, theirs: 680, answered: 616);
        Assert.Equal(At(110 - 70), _clock.NotAfter(At(110)));
        Note(asked: 630, theirs: 632, answered: 610); // this machine's clock was set back
        Assert.Equal(At(110 - 70), _clock.NotAfter(At(110)));
    }

    private void Note(double asked, double theirs, double answered) => _clock.Note(At(asked), At(theirs), At(answered));

    private static DateTimeOffset At(double seconds) => Now.AddSeconds(seconds);
}
