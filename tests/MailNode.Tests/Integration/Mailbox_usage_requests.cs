using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

[Trait("Rule", "OPS-3"), Trait("Rule", "ACC-13")]
public sealed class Mailbox_usage_requests(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact]
    public async Task The_node_measures_at_once_and_tells_also_what_has_not_changed()
    {
        var (full, empty) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        Assert.StartsWith("250", await _node.HandOverAsync(full.Address, 5_000), StringComparison.Ordinal); // now it is there, and nobody was told
        foreach (var request in new[] { "first", "second" })
        {
            var answer = await AnswerAsync(request, full.State.AccountId, empty.State.AccountId, "nobody");
            Assert.Equal([0L], answer.Mailboxes.Where(m => m.AccountId == empty.State.AccountId).Select(m => m.UsedBytes));
            Assert.InRange(answer.Mailboxes.Single(m => m.AccountId == full.State.AccountId).UsedBytes, 5_000, 10_000);
            Assert.Equal(2, answer.Mailboxes.Count);
        }
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task While_dovecot_does_not_answer_nothing_is_said_and_afterwards_it_is()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "mail");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        await _node.StopDovecotAsync();
        await _node.Broker.PublishAsync(new MailboxMeasurementAsked("meanwhile", [account.State.AccountId]));
        var other = await Account.OpenAsync(_node); // the node has read on
        await _node.StartDovecotAsync();
        await AnswerAsync("afterwards", account.State.AccountId, other.State.AccountId);
        Assert.DoesNotContain(_node.Broker.Facts.Values.OfType<MailboxUsageMeasured>(), f => f.RequestId == "meanwhile" && f.Mailboxes.Any(m => m.UsedBytes == 0));
    }

    // Asked again as the service does.
    private async Task<MailboxUsageMeasured> AnswerAsync(string request, params string[] accounts) => (await Eventually.Async(
        async () =>
        {
            await _node.Broker.PublishAsync(new MailboxMeasurementAsked(request, accounts));
            return _node.Broker.Facts.Values.OfType<MailboxUsageMeasured>().FirstOrDefault(f => f.RequestId == request);
        },
        answer => answer is not null, TimeSpan.FromSeconds(30)))!;
}
