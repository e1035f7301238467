using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A password is in force when the sessions of the old one are over: on the days on which Dovecot does not help as well.</summary>
public sealed class Ending_sessions(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-2")]
    [InlineData(BadAnswer.ConnectionClosed)]
    [InlineData(BadAnswer.AnswerBroken)]
    [InlineData(BadAnswer.Silence)]
    [InlineData(BadAnswer.ServerError)]
    [InlineData(BadAnswer.CommandFailed)]
    [InlineData(BadAnswer.OtherShape)]
    public async Task A_password_is_not_told_to_be_in_force_while_sessions_of_the_old_one_may_be_open(BadAnswer answer)
    {
        var (account, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var imap = await account.LoggedInAsync();
        using var standIn = new DoveadmStandIn(answer);
        await RestartAgentAsync(standIn.Setting);
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab", wait: false);
        await Eventually.Async(() => Ending() == 1);
        await other.ChangeAsync(s => s with { CapacityMb = 99 }, other.Password, wait: false); // others are obeyed meanwhile
        await Eventually.Async(() => _node.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", other.State.AccountId) == 99);
        var (asked, renewals) = (standIn.Asked, _node.Accounts.Renewals);
        await Eventually.Async(() => standIn.Asked > asked && _node.Accounts.Renewals > renewals + 1, Long);
        Assert.Equal(changed.State.Position - 1, _node.Accounts.Applied);
        await imap.NoOpAsync(TestContext.Current.CancellationToken); // it is open indeed

        standIn.Mend(_node.Port("DOVEADM"));
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, Long);
        await Eventually.Async(() => imap.IsOverAsync());
        (await changed.LoggedInAsync()).Dispose();
        await RestartAgentAsync();
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_change_while_the_agent_is_away_ends_the_sessions_when_it_is_back()
    {
        var account = await Account.OpenAsync(_node);
        using var imap = await account.LoggedInAsync();
        await _node.StopAgentAsync();
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab", wait: false);
        await imap.NoOpAsync(TestContext.Current.CancellationToken);
        await _node.StartAgentAsync();
        await Eventually.Async(() => _node.Accounts.Applied >= changed.State.Position, Long);
        await Eventually.Async(() => imap.IsOverAsync());
        await Eventually.Async(() => Ending() == 0);
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-2")]
    public async Task Where_there_is_no_dovecot_there_are_no_sessions_and_what_is_left_is_ended_when_it_is_back()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopDovecotAsync();
        await account.ChangePasswordAsync("Hanafubuki-93ab"); // in force
        Assert.Equal(1, Ending());
        await _node.StopAgentAsync();
        await _node.StartDovecotAsync();
        await _node.StartAgentAsync();
        await Eventually.Async(() => Ending() == 0, Long);
    }

    private async Task RestartAgentAsync(params string[] settings)
    {
        await _node.StopAgentAsync();
        await _node.StartAgentAsync(settings);
        await _node.ReadyAsync();
    }

    private long Ending() => _node.AskReplica("SELECT count(*) FROM session_end");
}
