using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A password is in force when the sessions of the old one are over: on the days on which Dovecot does not help as well.</summary>
public sealed class Ending_sessions(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private const string Other = "Hanafubuki-93ab";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-2")]
    [InlineData(BadAnswer.Silence, false)]
    [InlineData(BadAnswer.CommandFailed, false)]
    [InlineData(BadAnswer.CommandFailed, true)]
    public async Task A_password_is_not_told_to_be_in_force_while_sessions_of_the_old_one_may_be_open(BadAnswer answer, bool isListed)
    {
        var (account, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var imap = await account.LoggedInAsync();
        using var standIn = new DoveadmStandIn(answer);
        await _node.RestartAgentAsync(standIn.Setting);
        _node.Broker.Loses = isListed;
        var changed = await account.ChangePasswordAsync(Other, wait: false);
        _node.Broker.Loses = false;
        if (isListed) await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", _node.Accounts.Next(), changed.State.Position));
        await Eventually.Async(() => Ending() == 1, Long);

        // Others are obeyed meanwhile, however many.
        for (var mb = 50; mb < 60; mb++) other = await other.ChangeAsync(s => s with { CapacityMb = mb }, other.Password, wait: false);
        await Eventually.Async(() => _node.AskReplica("SELECT applied FROM progress") == _node.Accounts.Position, Long);
        Assert.Equal(59, _node.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", other.State.AccountId));
        var (asked, renewals) = (standIn.Asked, _node.Accounts.Renewals);
        await Eventually.Async(() => standIn.Asked > asked && _node.Accounts.Renewals > renewals + 1, Long);
        Assert.True(_node.Accounts.Applied < changed.State.Position);
        await imap.NoOpAsync(TestContext.Current.CancellationToken); // it is open indeed

        standIn.Mend(_node.Port("DOVEADM"));
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, Long);
        await Eventually.Async(() => imap.IsOverAsync());
        (await changed.LoggedInAsync()).Dispose();
        await EndedAsync();
        await _node.RestartAgentAsync();
    }

    [Theory, Trait("Rule", "ACC-7")]
    [InlineData(BadAnswer.ConnectionClosed)]
    [InlineData(BadAnswer.AnswerBroken)]
    [InlineData(BadAnswer.ServerError)]
    [InlineData(BadAnswer.CommandFailed)]
    [InlineData(BadAnswer.OtherShape)]
    public async Task Whatever_is_answered_that_is_no_yes_leaves_the_sessions_perhaps_open(BadAnswer answer)
    {
        using var standIn = new DoveadmStandIn(answer);
        var settings = new NodeSettings("mail1", _node.Home, new Dictionary<string, Uri>(), "", standIn.Address, "");
        using var doveadm = new Doveadm(settings, NullLogger<Doveadm>.Instance);
        Assert.Equal(Kicked.Unknown, await doveadm.KickAsync(["taro@example.jp"], [], TestContext.Current.CancellationToken));
    }

    [Theory, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-3")]
    [InlineData("it is as it was")]
    [InlineData("it is of another version")]
    [InlineData("it is damaged")]
    [InlineData("it was taken away")]
    [InlineData("it was taken away with all that is known of it")]
    public async Task A_change_without_the_agent_ends_sessions_later_whatever_became_of_the_replica(string what)
    {
        var (account, gone) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var imap = await account.LoggedInAsync();
        using var other = await gone.LoggedInAsync();
        await _node.StopAgentAsync();
        var changed = await account.ChangePasswordAsync(Other, wait: false);
        await gone.DeleteAsync(wait: false);
        Make(what);
        await imap.NoOpAsync(TestContext.Current.CancellationToken);
        await _node.StartAgentAsync();
        await Eventually.Async(() => _node.Accounts.Applied >= changed.State.Position, Long);
        await Eventually.Async(() => imap.IsOverAsync());
        await Eventually.Async(() => other.IsOverAsync());
        await EndedAsync();
        (await changed.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-2")]
    public async Task Without_dovecot_there_are_no_sessions_and_the_rest_ends_when_it_is_back()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopDovecotAsync();
        // What waits for it to come back, however much, holds nobody up.
        await _node.Agent.GetRequiredService<Replica>().WriteAsync(
            r => Enumerable.Range(0, 150).Sum(i => r.Run("INSERT INTO session_end VALUES ('accounts', $1, $1, 0, 1, 0, '')", $"earlier{i}")), TestContext.Current.CancellationToken);
        await account.ChangePasswordAsync(Other, wait: false);
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, Long); // in force
        Assert.Equal(151, Ending());
        await _node.StopAgentAsync();
        await _node.StartDovecotAsync();
        await _node.StartAgentAsync();
        await EndedAsync();
    }

    // Killed between the two: Dovecot and Postfix go on with the former replica, which nobody else has any more.
    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-2")]
    public async Task An_agent_killed_before_it_told_the_servers_of_a_new_replica_tells_them_later()
    {
        var account = await Account.OpenAsync(_node);
        (await account.LoggedInAsync()).Dispose();
        await _node.StopAgentAsync();
        var changed = await account.ChangePasswordAsync(Other, wait: false);
        var identity = _node.ReplicaIdentity();
        _node.RemoveReplica();
        using var standIn = new DoveadmStandIn(BadAnswer.Silence);
        _node.Settings = [standIn.Setting];
        await using (var agent = _node.StartAgentToKill())
        {
            await _node.OtherReplicaAsync(identity);
            await Eventually.Async(() => standIn.Asked > 0, Long);
            await agent.StopAsync();
        }

        _node.Settings = [];
        await _node.StartAgentAsync();
        await Eventually.Async(() => _node.Accounts.Applied >= changed.State.Position, Long);
        await Assert.ThrowsAsync<MailKit.Security.AuthenticationException>(account.LoggedInAsync);
        var next = await Account.OpenAsync(_node);
        await _node.DeliverAsync(next.Address, "to one whom the former did not know");
        await EndedAsync();
        await Eventually.Async(next.InboxAsync, inbox => inbox.Count == 1);
    }

    [Fact, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-2")]
    public async Task Nothing_is_in_force_while_dovecot_cannot_be_told_of_a_new_replica()
    {
        var account = await Account.OpenAsync(_node);
        using var standIn = new DoveadmStandIn(BadAnswer.CommandFailed);
        await _node.RestartAgentAsync(standIn.Setting);
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position); // they read this one
        var identity = _node.ReplicaIdentity();
        await _node.StopAgentAsync();
        account = await account.ChangeAsync(s => s with { Address = $"new-{s.Address}" }, account.Password, wait: false);
        _node.ChangeReplica("PRAGMA user_version = 1");
        await _node.StartAgentAsync(standIn.Setting);
        await _node.OtherReplicaAsync(identity);
        Assert.Equal(0, Ending());
        var (asked, renewals) = (standIn.Asked, _node.Accounts.Renewals);
        await Eventually.Async(() => standIn.Asked > asked + 1 && _node.Accounts.Renewals > renewals + 1, Long);
        Assert.Equal(0, _node.Accounts.Applied);
        // Postfix was told, whatever becomes of Dovecot.
        await Eventually.Async(async () =>
        {
            using var client = await _node.SmtpAsync();
            return (int)(await client.SayRecipientAsync("stranger@outside.test", account.Address)).StatusCode == 250;
        });
        standIn.Mend(_node.Port("DOVEADM"));
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, Long);
        (await account.LoggedInAsync()).Dispose();
        await _node.RestartAgentAsync();
    }

    // One whose settings cannot be read runs on and cannot be told.
    [Fact, Trait("Rule", "NOD-2")]
    public async Task Nothing_is_in_force_while_postfix_cannot_be_told_of_a_new_replica()
    {
        var settings = Path.Combine(_node.Home, "mailnode", "postfix", "main.cf");
        var right = await File.ReadAllTextAsync(settings, TestContext.Current.CancellationToken);
        var identity = _node.ReplicaIdentity();
        await File.WriteAllTextAsync(settings, right + "no setting\n", TestContext.Current.CancellationToken);
        try
        {
            _node.RemoveReplica();
            await _node.OtherReplicaAsync(identity);
            await Eventually.Async(() => _node.Accounts.Applied == 0, Long);
            var renewals = _node.Accounts.Renewals;
            await Eventually.Async(() => _node.Accounts.Renewals > renewals + 1, Long);
            Assert.Equal(0, _node.Accounts.Applied);
        }
        finally
        {
            await File.WriteAllTextAsync(settings, right, TestContext.Current.CancellationToken);
        }

        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, Long);
        await EndedAsync();
    }

    [Theory, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-2")]
    [InlineData(BadAnswer.ConnectionClosed)]
    [InlineData(BadAnswer.Silence)]
    public async Task One_whose_sessions_dovecot_cannot_end_does_not_keep_those_of_the_others(BadAnswer answer)
    {
        var bad = await Account.OpenAsync(_node);
        var others = new List<Account>();
        for (var i = 0; i < 5; i++) others.Add(await Account.OpenAsync(_node));
        using var standIn = new DoveadmStandIn(answer);
        standIn.Mend(_node.Port("DOVEADM"), exceptFor: bad.Address);
        await _node.RestartAgentAsync(standIn.Setting);
        using var ofTheBad = await bad.LoggedInAsync();
        bad = await bad.ChangePasswordAsync(Other, wait: false);
        await Eventually.Async(() => standIn.Asked > 0, Long);
        foreach (var other in others)
        {
            using var session = await other.LoggedInAsync();
            await other.ChangePasswordAsync(Other, wait: false);
            await Eventually.Async(() => session.IsOverAsync(), Long);
        }

        await Eventually.Async(() => Ending() == 1, Long); // the second rounds, too
        Assert.True(_node.Accounts.Applied < bad.State.Position);
        standIn.Mend(_node.Port("DOVEADM"));
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position, Long);
        await Eventually.Async(() => ofTheBad.IsOverAsync());
        await EndedAsync();
        await _node.RestartAgentAsync();
    }

    [Theory, Trait("Rule", "ACC-7"), Trait("Rule", "NOD-5")]
    [InlineData(BadAnswer.Silence)]
    [InlineData(BadAnswer.ConnectionClosed)]
    public async Task One_whose_sessions_cannot_be_ended_does_not_hold_back_changes_of_others(BadAnswer answer)
    {
        var (slow, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var standIn = new DoveadmStandIn(answer);
        standIn.Mend(_node.Port("DOVEADM"), exceptFor: slow.Address);
        await _node.RestartAgentAsync(standIn.Setting);
        slow = await slow.ChangePasswordAsync(Other, wait: false);
        other = await other.ChangeAsync(s => s with { CapacityMb = 50 }, other.Password, wait: false);
        await Eventually.Async(() => _node.Accounts.AppliedFor(other.State.AccountId) >= other.State.Position);
        other = await other.ChangePasswordAsync(Other, wait: false);
        await Eventually.Async(() => _node.Accounts.AppliedFor(other.State.AccountId) >= other.State.Position);
        Assert.True(_node.Accounts.AppliedFor(slow.State.AccountId) < slow.State.Position);

        standIn.Mend(_node.Port("DOVEADM"));
        await Eventually.Async(() => _node.Accounts.AppliedFor(slow.State.AccountId) >= slow.State.Position, Long);
        await EndedAsync();
        await _node.RestartAgentAsync();
    }

    // Dovecot lets a process that speaks with such a client go on for half a minute, with the replica that it knows.
    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_client_that_logs_in_by_the_former_replica_is_disconnected()
    {
        var account = await Account.OpenAsync(_node);
        (await account.LoggedInAsync()).Dispose();
        _node.Settings = ["--Hikyaku:OldReadersLinger=00:00:25"];
        await _node.RestartAgentAsync();
        using var early = await _node.ImapAsync();
        await _node.StopAgentAsync();
        var changed = await account.ChangePasswordAsync(Other, wait: false);
        _node.RemoveReplica();
        await _node.StartAgentAsync();
        await Eventually.Async(() => _node.Accounts.Applied >= changed.State.Position, Long);
        var rounds = await Eventually.Async(() => _node.AskReplica("SELECT ifnull(max(rounds), -1) FROM session_end"), n => n <= 0, Long);
        Assert.Equal(0, rounds); // of three
        try
        {
            await early.AuthenticateAsync(account.Address, account.Secret, TestContext.Current.CancellationToken);
            await Eventually.Async(() => early.IsOverAsync(), Long);
        }
        catch (Exception e) when (e is MailKit.Security.AuthenticationException or MailKit.ServiceNotConnectedException or IOException or MailKit.ProtocolException)
        {
            Assert.False(early.IsAuthenticated); // which is as well
        }

        await EndedAsync();
        _node.Settings = [];
        await _node.RestartAgentAsync();
    }

    private void Make(string what)
    {
        if (what.StartsWith("it was taken away", StringComparison.Ordinal)) _node.RemoveReplica();
        if (what.EndsWith("known of it", StringComparison.Ordinal)) File.Delete(Path.ChangeExtension(_node.Replica, "mark"));
        if (what == "it is damaged") File.WriteAllText(_node.Replica, "no database");
        if (what == "it is of another version") _node.ChangeReplica("PRAGMA user_version = 1");
    }

    private Task EndedAsync() => Eventually.Async(() => Ending() == 0, Long);

    private long Ending() => _node.AskReplica("SELECT count(*) FROM session_end");
}
