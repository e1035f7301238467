namespace Hikyaku.MailNode.Tests.Specs;

public sealed class Deciding_about_queued_mail
{
    [Theory, Trait("Rule", "ACC-5")]
    [InlineData("deferred", "x@out.test", "other@example.jp", QueueStep.Leave)]
    [InlineData("deferred", "x@out.test", "gone@example.jp", QueueStep.Delete)]
    [InlineData("hold", "x@out.test", "gone@example.jp", QueueStep.Delete)]
    [InlineData("deferred", "x@out.test", "gone@example.jp gone2@example.jp", QueueStep.Delete)]
    [InlineData("deferred", "", "gone@example.jp", QueueStep.Delete)]
    [InlineData("deferred", "x@out.test", "gone@example.jp other@example.jp", QueueStep.Attempt)]
    [InlineData("deferred", "gone@example.jp", "other@example.jp", QueueStep.Attempt)]
    [InlineData("deferred", "gone@example.jp", "gone@example.jp", QueueStep.Delete)]
    // Somebody has it in hand: deleted now, it could still be stored.
    [InlineData("active", "x@out.test", "gone@example.jp", QueueStep.Wait)]
    [InlineData("incoming", "x@out.test", "gone@example.jp", QueueStep.Wait)]
    [InlineData("hold", "x@out.test", "gone@example.jp other@example.jp", QueueStep.TakeOut)]
    [InlineData("hold", "gone@example.jp", "other@example.jp", QueueStep.Wait)]
    [InlineData("active", "x@out.test", "other@example.jp", QueueStep.Leave)]
    public void A_message_is_deleted_only_when_all_who_wait_for_it_are_gone(string queue, string sender, string recipients, QueueStep expected)
        => Assert.Equal(expected, new QueuedMessage(queue, "4Xabc", sender, recipients.Split(' ')).Step(IsGone, isGivenUp: false));

    [Fact, Trait("Rule", "ACC-5")]
    public void What_somebody_has_sent_who_is_gone_for_long_is_given_up()
        => Assert.Equal(QueueStep.Delete, new QueuedMessage("deferred", "4Xabc", "gone@example.jp", ["other@out.test"]).Step(IsGone, isGivenUp: true));

    [Fact, Trait("Rule", "ACC-5")]
    public void Addresses_are_compared_in_lower_case()
    {
        var message = QueuedMessage.Read("""{"queue_name":"deferred","queue_id":"4X","arrival_time":1,"message_size":2,"forced_expire":false,"sender":"","recipients":[{"address":"GONE@Example.JP","delay_reason":"it \"waits\""}]}""");
        Assert.Equal(QueueStep.Delete, message!.Step(IsGone, false));
    }

    [Theory]
    [InlineData("")]
    [InlineData("postqueue: warning: something")]
    [InlineData("[1]")]
    [InlineData("""{"queue_name":"deferred","queue_id":"4X","sender":""}""")]
    public void A_line_that_is_no_message_is_none(string line) => Assert.Null(QueuedMessage.Read(line));

    private static bool IsGone(string address) => address is "gone@example.jp" or "gone2@example.jp";
}
