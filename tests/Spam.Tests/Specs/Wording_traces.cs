using Hikyaku.MailNode.Contracts;
using Hikyaku.Spam.Tracing;

namespace Hikyaku.Spam.Tests.Specs;

/// <summary>What people are told would happen to a message (OPS-4).</summary>
public sealed class Wording_traces
{
    private static readonly MessageTraced Spam = new(
        "mail1", "r", 3, 2, new DeliveryVerdict("spam", 9.5, null), "Junk", [new(0, "a@else.test"), new(4, "b@else.test"), new(4, "a@else.test")], true, ["BAYES_SPAM 5.10"]);

    [Fact, Trait("Rule", "OPS-4")]
    public void Steps_stand_in_the_order_of_the_servers_and_name_setting_and_version()
    {
        var told = TraceMessage.Of(Spam, operates: true);
        Assert.Equal(["reception", "virus", "spam", "forwarding", "forwarding", "forwarding", "autoreply", "storage"], told.Steps.Select(s => s.By));
        Assert.Contains(new TraceStep("forwarding", "forwarded", "b@else.test", "forwarding-rules/4", 3), told.Steps);
        Assert.Equal(new TraceStep("storage", "stored", "Junk", "spam", 2), told.Steps[^1]);
        Assert.Equal(["a@else.test", "b@else.test"], told.Outcome.ForwardedTo);
        Assert.True(told.Outcome is { Stored: "Junk", Replied: true, Refused: null });
    }

    [Fact, Trait("Rule", "SPM-4")]
    public void Only_operators_are_told_the_rules_that_matched()
    {
        Assert.Contains("BAYES_SPAM", TraceMessage.Of(Spam, operates: true).Steps.Single(s => s.By == "spam").Why, StringComparison.Ordinal);
        Assert.Equal("spam", TraceMessage.Of(Spam, operates: false).Steps.Single(s => s.By == "spam").Why);
    }

    [Fact, Trait("Rule", "OPS-4")]
    public void A_virus_ends_it_and_a_filter_that_is_away_is_said()
    {
        var virus = TraceMessage.Of(Spam with { Verdict = new("virus", 0, "Eicar"), Stored = null, Forwards = [] }, operates: false);
        Assert.Equal((null, "virus"), (virus.Outcome.Stored, virus.Outcome.Refused));
        Assert.Null(virus.Steps[^1].Why);
        Assert.Equal("unscanned", TraceMessage.Of(Spam with { Verdict = null }, operates: true).Steps[^1].Why);
    }

    [Fact, Trait("Rule", "OPS-4"), Trait("Rule", "RTE-3")]
    public void A_message_that_has_come_back_is_dropped_by_forwarding_and_not_by_reception()
    {
        var looped = TraceMessage.Of(Spam with { Stored = null, Forwards = [], Replied = false, Looped = true }, operates: false);
        Assert.Equal(new TraceStep("forwarding", "dropped", "looped", "forwarding-rules", 3), looped.Steps[^1]);
        var off = TraceMessage.Of(Spam with { Stored = null, Forwards = [] }, operates: false);
        Assert.Equal(new TraceStep("storage", "dropped", null, "reception", 3), off.Steps[^1]);
    }

    [Fact, Trait("Rule", "OPS-4"), Trait("Rule", "RST-8")]
    public void A_full_mailbox_ends_it_with_the_servers_answer()
    {
        var full = TraceMessage.Of(Spam with { Refused = "552 5.2.2 Mailbox is full", Verdict = null }, operates: false);
        Assert.Equal("552 5.2.2 Mailbox is full", full.Outcome.Refused);
        Assert.Equal([new TraceStep("reception", "refused", "552 5.2.2 Mailbox is full", "capacity")], full.Steps);
    }
}
