using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Killed_agents(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private const int Many = 3_000;
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "NOD-3")]
    public async Task An_agent_killed_during_a_list_leaves_the_old_replica_and_the_next_lists_again()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopAgentAsync();
        var goes = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var inTheMiddle = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _node.Accounts.InTheMiddle = () => { inTheMiddle.TrySetResult(); return goes.Task; };
        await using (var agent = _node.StartAgentToKill())
        {
            await inTheMiddle.Task.WaitAsync(TimeSpan.FromSeconds(30));
            await agent.StopAsync();
        }

        goes.SetResult();
        _node.Accounts.InTheMiddle = () => Task.CompletedTask;
        (await account.LoggedInAsync()).Dispose();
        await _node.StartAgentAsync();
        await _node.ReadyAsync();
        (await (await account.ChangePasswordAsync("Hanafubuki-93ab")).LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task An_agent_killed_at_its_first_replica_leaves_nothing_that_disturbs_the_next()
    {
        var account = await Account.OpenAsync(_node);
        for (var i = 0; i < Many; i++) _node.Accounts.Keep(at => State(i, at));
        await _node.StopAgentAsync();
        foreach (var file in Directory.GetFiles(Path.GetDirectoryName(_node.Replica)!, "replica.*")) File.Delete(file);
        await using (var agent = _node.StartAgentToKill())
        {
            await Eventually.Async(() => File.Exists(_node.Replica + ".new"), TimeSpan.FromSeconds(30));
            await agent.StopAsync();
        }

        await _node.StartAgentAsync();
        await _node.ReadyAsync();
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, TimeSpan.FromSeconds(30));
        Assert.Equal(Many, _node.AskReplica("SELECT count(*) FROM holder WHERE address GLOB 'many*'"));
        Assert.Empty(Directory.GetFiles(Path.GetDirectoryName(_node.Replica)!, "*.new*"));
        Assert.Equal(1, _node.AskReplica("SELECT count(*) FROM holder WHERE account_id = $1", account.State.AccountId));
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "REL-3")]
    public async Task An_agent_that_is_killed_while_it_applies_loses_no_state_and_no_fact()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopAgentAsync();
        for (var i = 0; i < Many; i++) await _node.Broker.PublishAsync(_node.Accounts.Keep(at => State(i, at)));
        await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", _node.Accounts.Position));
        using (var replica = new SqliteConnection($"Data Source={_node.Replica};Mode=ReadWrite;Pooling=False"))
        {
            replica.Open();
            for (var i = 0; i < 300; i++) FactOutbox.Add(replica, new MailboxErased("mail1", $"e{i}", DateTimeOffset.UtcNow));
        }

        _node.Accounts.BreaksOff = true; // all must come by the queue
        foreach (var some in new[] { 1, Many / 2 })
        {
            await using var agent = _node.StartAgentToKill();
            await Eventually.Async(() => Count() >= some, TimeSpan.FromSeconds(30));
            await agent.StopAsync();
        }

        await _node.StartAgentAsync();
        await Eventually.Async(() => Count() == Many, TimeSpan.FromSeconds(30));
        await Eventually.Async(() => _node.Broker.Facts.Values.OfType<MailboxErased>().Select(e => e.AccountId).Distinct().Count() == 300, TimeSpan.FromSeconds(30));
        _node.Accounts.BreaksOff = false;
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, TimeSpan.FromSeconds(30));
        (await account.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "NOD-5"), Trait("Rule", "REL-3")]
    public async Task A_position_is_never_applied_before_the_states_up_to_it()
    {
        const int states = 1_000;
        await Account.OpenAsync(_node);
        await _node.StopAgentAsync();
        _node.Accounts.BreaksOff = true; // all must come by the queue
        var (first, missing) = (_node.Accounts.Position, new HashSet<long>());
        for (var i = 0; i < states; i++) await Account.PublishAsync(_node, at => State(i, at) with { AccountId = $"order{i:D8}", Address = $"order{i}@example.jp" }, wait: false);
        foreach (var some in new[] { 1, states / 2 })
        {
            await using var agent = _node.StartAgentToKill();
            await Eventually.Async(() => IsApplied(some), TimeSpan.FromSeconds(30));
            await agent.StopAsync();
        }

        await _node.StartAgentAsync();
        await Eventually.Async(() => IsApplied(states), TimeSpan.FromSeconds(30));
        Assert.Equal([0], missing);
        _node.Accounts.BreaksOff = false;
        await _node.RestartAgentAsync();

        bool IsApplied(int count)
        {
            missing.Add(_node.AskReplica(
                "SELECT applied - $1 - (SELECT count(*) FROM mailbox WHERE position > $1 AND position <= applied) FROM progress WHERE service = 'accounts'", first));
            return _node.AskReplica("SELECT applied FROM progress WHERE service = 'accounts'") >= first + count;
        }
    }

    private long Count() => _node.AskReplica("SELECT count(*) FROM mailbox WHERE address GLOB 'many*'");

    private static MailboxState State(int i, long at) => new($"many{i:D8}", $"many{i}@example.jp", "example.jp", 1, "$argon2id$none", 10, 1, at, false);
}
