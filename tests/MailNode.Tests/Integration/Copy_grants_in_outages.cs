using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A grant ends in time on days on which the agent, Dovecot or the replica is not there, too.</summary>
public sealed class Copy_grants_in_outages(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "NOD-2")]
    public async Task Without_the_agent_a_grant_holds_until_its_time_and_its_sessions_end_later()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync(TimeSpan.FromSeconds(15));
        using var worker = await account.CopyingAsync(secret);
        await _node.StopAgentAsync();
        Assert.False(await account.IsCopyRefusedAsync(secret));
        await Eventually.Async(() => account.IsCopyRefusedAsync(secret), Long);
        await worker.NoOpAsync(TestContext.Current.CancellationToken);
        await _node.StartAgentAsync();
        await Eventually.Async(() => worker.IsOverAsync(), Long);
        await _node.ReadyAsync();
    }

    [Theory, Trait("Rule", "CPY-7"), Trait("Rule", "NOD-3")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_grant_withdrawn_without_the_agent_is_ended_later(bool isLost)
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        var identity = _node.ReplicaIdentity();
        await _node.StopAgentAsync();
        await account.WithdrawCopyAsync(wait: false);
        if (isLost) _node.RemoveReplica();
        await _node.StartAgentAsync();
        if (isLost) await _node.OtherReplicaAsync(identity);
        await Eventually.Async(() => _node.DataCopy.Applied == _node.DataCopy.Position, Long);
        Assert.True(await account.IsCopyRefusedAsync(secret));
        await Eventually.Async(() => worker.IsOverAsync(), Long);
        await _node.ReadyAsync();
        await EndedAsync();
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "NOD-3")]
    public async Task A_replica_made_anew_has_the_grants_that_there_are()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        var identity = _node.ReplicaIdentity();
        await _node.StopAgentAsync();
        _node.ChangeReplica("PRAGMA user_version = 1");
        await _node.StartAgentAsync();
        await _node.OtherReplicaAsync(identity);
        await _node.ReadyAsync();
        await EndedAsync();
        Assert.False(await account.IsCopyRefusedAsync(secret));
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "NOD-5")]
    public async Task A_withdrawal_is_not_in_force_while_the_workers_sessions_may_be_open()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        using var standIn = new DoveadmStandIn(BadAnswer.CommandFailed);
        await _node.RestartAgentAsync(standIn.Setting);
        await account.WithdrawCopyAsync(wait: false);
        await Eventually.Async(() => standIn.Asked > 1, Long);
        await Eventually.Async(() => account.IsCopyRefusedAsync(secret), Long);
        Assert.True(_node.DataCopy.AppliedFor(account.State.AccountId) < _node.DataCopy.Position);
        await worker.NoOpAsync(TestContext.Current.CancellationToken);
        standIn.Mend(_node.Port("DOVEADM"));
        await Eventually.Async(() => _node.DataCopy.Applied == _node.DataCopy.Position, Long);
        await Eventually.Async(() => worker.IsOverAsync());
        await EndedAsync();
        await _node.RestartAgentAsync();
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task The_operator_names_the_networks_of_the_worker()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        await RestartDovecotAsync("HIKYAKU_COPY_NETWORKS=127.0.7.0/24,2001:db8::/64");
        Assert.True(await account.IsCopyRefusedAsync(secret));
        Assert.False(await account.IsCopyRefusedAsync(secret, "127.0.7.1"));
        Assert.StartsWith("a OK", await _node.ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        await RestartDovecotAsync();
        Assert.False(await account.IsCopyRefusedAsync(secret));
    }

    private async Task RestartDovecotAsync(params string[] settings)
    {
        await _node.RenderAsync(settings);
        await _node.StopDovecotAsync();
        await _node.StartDovecotAsync();
    }

    private Task EndedAsync() => Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM session_end") == 0, Long);
}
