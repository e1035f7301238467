using CsCheck;

namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Handling_messages_at_the_same_time
{
    [Fact, Trait("Rule", "NOD-5")]
    public void A_bookmark_waits_until_everything_delivered_before_it_is_done_in_whatever_order_that_happens()
    {
        ulong[] numbers = [1, 2, 3, 4, 5, 6, 7];
        Gen.Shuffle(numbers).Sample(order =>
        {
            var deliveries = new Deliveries();
            var bookmark = deliveries.EarlierAsync("channel", 6);
            var before = 5;
            foreach (var number in order)
            {
                Assert.Equal(before == 0, bookmark.IsCompletedSuccessfully);
                deliveries.Done("channel", number);
                if (number < 6) before--;
            }

            Assert.True(bookmark.IsCompletedSuccessfully);
        }, iter: 300);
    }

    [Fact]
    public void A_new_channel_begins_to_count_anew_and_the_old_one_ends_in_peace()
    {
        var deliveries = new Deliveries();
        var old = deliveries.EarlierAsync("old", 2);
        Assert.True(deliveries.EarlierAsync("new", 1).IsCompletedSuccessfully);
        deliveries.Done("new", 1);
        Assert.False(old.IsCompleted);
        deliveries.Done("old", 1);
        Assert.True(old.IsCompletedSuccessfully);
        Assert.True(deliveries.EarlierAsync("new", 2).IsCompletedSuccessfully);
    }
}
