using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Queue_troubles
{
    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "NOD-3")]
    public async Task A_queue_deleted_under_the_agent_is_made_again_and_nothing_stays_missing()
    {
        var rabbit = await RabbitServer.SharedAsync();
        await using var node = await MailNodeUnderTest.StartAsync(rabbit);
        var account = await Account.OpenAsync(node);
        node.Accounts.BreaksOff = true; // no list helps until the test allows it
        await rabbit.DeleteQueueAsync(node.Broker.NodesUri, $"node-{node.Name}");
        // Published to nobody.
        var missed = account.State with { CapacityMb = 77, Version = 2, Position = node.Accounts.Next() };
        node.Accounts.Keep(missed);
        await Eventually.Async(async () => (await rabbit.QueuesAsync(node.Broker.NodesUri)).ContainsKey($"node-{node.Name}"), TimeSpan.FromSeconds(40));
        var applied = node.Accounts.Applied;
        var after = node.Accounts.Position;
        await node.Broker.PublishAsync(new NodeStateBookmark("accounts", node.Accounts.Next(), after));
        var lists = node.Accounts.Lists;
        await Eventually.Async(() => node.Accounts.Lists > lists + 1, TimeSpan.FromSeconds(40));
        Assert.Equal(applied, node.Accounts.Applied); // it does not claim what it has not seen

        node.Accounts.BreaksOff = false;
        await Eventually.Async(() => node.Accounts.Applied == node.Accounts.Position, TimeSpan.FromSeconds(40));
        Assert.Equal(77, Capacity(node, account));
        // And the watch goes on.
        await (account with { State = missed }).ChangeCapacityAsync(88);
        Assert.Equal(88, Capacity(node, account));
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "NOD-3")]
    public async Task What_a_full_queue_has_dropped_is_listed_before_the_node_claims_to_obey()
    {
        var rabbit = await RabbitServer.SharedAsync();
        await using var node = await MailNodeUnderTest.StartAsync(rabbit, settings: "--Hikyaku:NodeQueueLength=20");
        var (early, late) = (await Account.OpenAsync(node), await Account.OpenAsync(node));
        await node.StopAgentAsync();
        var applied = node.Accounts.Applied;

        await PublishAsync(node, early.State with { CapacityMb = 77, Version = 2 });
        for (var i = 2; i < 60; i++) await PublishAsync(node, late.State with { CapacityMb = i, Version = i });
        await Eventually.Async(async () => (await rabbit.QueuesAsync(node.Broker.NodesUri))[$"node-{node.Name}"], n => n is > 0 and <= 25);

        node.Accounts.BreaksOff = true;
        var lists = node.Accounts.Lists;
        await node.StartAgentAsync();
        await Eventually.Async(() => Capacity(node, late) == 59);
        await Eventually.Async(() => node.Accounts.Lists > lists + 1);
        Assert.Equal(10, Capacity(node, early)); // dropped
        Assert.Equal(applied, node.Accounts.Applied);
        node.Accounts.BreaksOff = false;
        await Eventually.Async(() => node.Accounts.Applied == node.Accounts.Position, TimeSpan.FromSeconds(30));
        Assert.Equal(77, Capacity(node, early));
    }

    private static async Task PublishAsync(MailNodeUnderTest node, MailboxState state)
    {
        var before = node.Accounts.Position;
        var told = node.Accounts.Keep(at => state with { Position = at });
        await node.Broker.PublishAsync(told);
        await node.Broker.PublishAsync(new NodeStateBookmark("accounts", node.Accounts.Position, before));
    }

    private static long Capacity(MailNodeUnderTest node, Account account) => node.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", account.State.AccountId);
}
