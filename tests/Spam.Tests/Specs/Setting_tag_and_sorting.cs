using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Hikyaku.Spam.Accounts;

namespace Hikyaku.Spam.Tests.Specs;

public sealed class Setting_tag_and_sorting
{
    private static readonly DateTimeOffset At = new(2026, 11, 29, 9, 0, 0, TimeSpan.Zero);
    private static readonly Target Taro = new("0190", "taro@example.jp", "example.jp", 1);
    private static readonly SubjectTaggingTurnedOn TagOn = new("0190", "example.jp", At);
    private static readonly JunkSortingTurnedOn SortOn = new("0190", "example.jp", At);

    [Fact, Trait("Rule", "SPM-2"), Trait("Rule", "SPM-3"), Trait("Rule", "SPM-4")]
    public void Both_are_off_and_each_is_turned_on_and_off_alone()
    {
        Given().When(Set(false, false)).ThenNothing();
        Given().When(Set(true, false)).ThenEvents(TagOn);
        Given().When(Set(false, true)).ThenEvents(SortOn);
        Given().When(Set(true, true)).ThenEvents(TagOn, SortOn);
        Given(TagOn, SortOn).When(Set(true, false)).ThenEvents(new JunkSortingTurnedOff("example.jp", At));
        Given(TagOn, SortOn).When(Set(false, true)).ThenEvents(new SubjectTaggingTurnedOff("example.jp", At));
        Given(TagOn, SortOn).When(Set(true, true)).ThenNothing();
    }

    [Fact, Trait("Rule", "SPM-4")]
    public void A_switch_that_is_not_said_is_refused_by_its_name()
    {
        Given().When(Set(null, true)).ThenRejected("spam.switch-missing@tagSubject");
        Given().When(Set(null, null, At)).ThenRejected("spam.switch-missing@tagSubject", "spam.switch-missing@sortToJunk");
    }

    [Fact, Trait("Rule", "SPM-8")]
    public void Sorting_is_confirmed_when_POP_was_used_in_the_last_30_days()
    {
        Given().When(Set(false, true, At.AddDays(-30).AddSeconds(1))).ThenRejected("spam.pop-is-used@confirm");
        Given().When(Set(true, true, At.AddDays(-1))).ThenRejected("spam.pop-is-used@confirm");
        Given().When(Set(false, true, At.AddDays(-30))).ThenEvents(SortOn);
        Given().When(state => SetSpam.Decide(new(Taro, false, true, At.AddDays(-1), Confirmed: true, At), state)).ThenEvents(SortOn);
        Assert.Equal(("time", "2026-11-28 09:00:00Z"), SetSpam.Decide(new(Taro, false, true, At.AddDays(-1), false, At), null).Rejections.Single().Values.Single());
    }

    [Fact, Trait("Rule", "SPM-8")]
    public void Nothing_is_asked_when_sorting_stays_as_it_is_or_is_turned_off()
    {
        Given(SortOn).When(Set(true, true, At)).ThenEvents(TagOn);
        Given(SortOn).When(Set(false, false, At)).ThenEvents(new JunkSortingTurnedOff("example.jp", At));
        Given().When(Set(true, false, At)).ThenEvents(TagOn);
    }

    private static DeciderSpec<AccountSpam> Given(params object[] events) => DeciderSpec<AccountSpam>.Given(events);

    private static Func<AccountSpam?, Decision> Set(bool? tag, bool? sort, DateTimeOffset? pop = null)
        => state => SetSpam.Decide(new(Taro, tag, sort, pop, Confirmed: false, At), state);
}
