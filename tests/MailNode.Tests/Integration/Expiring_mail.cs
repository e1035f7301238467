using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A node that gives up within seconds what it cannot deliver.</summary>
public sealed class Expiring_mail(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RTE-10")]
    public async Task A_destination_that_stays_down_is_told_to_the_sender_once_at_the_end()
    {
        var (account, down, sender) = (await Account.OpenAsync(_node), $"{Guid.NewGuid():N}@outside.test", $"{Guid.NewGuid():N}@outside.test");
        await GuardedProcess.RunAsync("root", "postconf", "-c", $"{_node.Home}/mailnode/postfix", "-e", "maximal_queue_lifetime = 5s", "bounce_queue_lifetime = 5d");
        await _node.StopPostfixAsync();
        await _node.StartPostfixAsync();
        _node.Outside.AnswerTo = to => to == down ? "450 4.2.1 Not now" : "250 fine";
        await account.RouteAsync(r => r.ForwardAll(down));
        await _node.DeliverRawAsync(account.Address, ScannedMail.Bytes($"From: {sender}\nSubject: forwarded in vain\n\ntext\n"), sender);
        await Eventually.Async(() => _node.Log.Contains("status=deferred", StringComparison.Ordinal), Long);
        Assert.DoesNotContain(sender, _node.Outside.Recipients);
        await Eventually.Async(async () =>
        {
            await _node.FlushQueueAsync();
            return (await _node.QueueAsync()).Count == 0;
        }, Long);
        var told = Assert.Single(_node.Outside.Deliveries, d => d.Recipients.Contains(sender));
        Assert.Equal("", told.Sender);
        Assert.Contains(down, told.Raw, StringComparison.Ordinal);
        Assert.Contains("4.2.1", told.Raw, StringComparison.Ordinal);
        Assert.DoesNotContain(down, _node.Outside.Recipients);
        Assert.Equal(["forwarded in vain"], await account.InboxAsync());
    }
}
