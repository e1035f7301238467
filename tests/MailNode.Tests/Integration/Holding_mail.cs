using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Restrictions.Contracts;
using static Hikyaku.MailNode.Tests.Integration.RestrictedAccount;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Mail of a suspected account that waits in Postfix's queue.</summary>
public sealed class Holding_mail(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RST-9")]
    public async Task What_waits_is_held_and_delivered_or_deleted_as_an_operator_decides()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        _node.Outside.AnswerTo = _ => "450 4.3.2 Not now";
        foreach (var name in new[] { "one", "two" }) await account.SubmitAsync(account.Address, $"{name}@outside.test", name);
        await neighbour.SubmitAsync(neighbour.Address, "other@outside.test", "other");
        await Eventually.Async(_node.QueueAsync, queue => queue.Count(m => m.Queue == "deferred") == 3);
        _node.Outside.AnswerTo = _ => "250 fine";

        await account.RestrictAsync([Block("compromise-suspected")]);
        var held = await Eventually.Async(() => Held(account), h => h is { Count: 2 });
        Assert.Equal(["one@outside.test", "two@outside.test"], held!.SelectMany(m => m.Recipients).Order());
        Assert.All(held!, m => Assert.True(m.Size > 0 && m.At > DateTimeOffset.UtcNow.AddMinutes(-10)));
        await _node.FlushQueueAsync();
        await Eventually.Async(_node.QueueAsync, queue => queue.All(m => m.Sender != neighbour.Address));
        Assert.Equal(2, (await _node.QueueAsync()).Count(m => m.Queue == QueuedMessage.OnHold));

        // What is decided counts also when the restriction is over.
        var one = held!.Single(m => m.Recipients[0].StartsWith("one", StringComparison.Ordinal));
        var two = held!.Single(m => m.Recipients[0].StartsWith("two", StringComparison.Ordinal));
        await account.RestrictAsync([], [new DecidedMail(_node.Name, one.QueueId, IsReleased: true), new DecidedMail(_node.Name, two.QueueId, IsReleased: false)]);
        await Eventually.Async(() => Held(account), h => h is { Count: 0 });
        await _node.FlushQueueAsync();
        await Eventually.Async(_node.QueueAsync, queue => queue.Count == 0);
        Assert.True(_node.Outside.Messages.ContainsKey("one@outside.test"));
        Assert.False(_node.Outside.Messages.ContainsKey("two@outside.test"));
    }

    private IReadOnlyList<HeldMessage>? Held(Account account)
        => _node.Broker.Facts.Values.OfType<MailHeld>().Where(f => f.AccountId == account.State.AccountId).MaxBy(f => f.At)?.Messages;
}
