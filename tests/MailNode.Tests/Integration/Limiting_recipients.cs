using System.Net;
using System.Net.Sockets;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The node's own limit of recipients in an hour, and submissions while the agent or what it reads is away.</summary>
[Trait("Rule", "RST-2")]
public sealed class Limiting_recipients(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private const string Limit = "--Hikyaku:HardLimit=3";
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact]
    public async Task Above_the_limit_recipients_are_refused_also_by_a_new_agent_and_a_new_replica()
    {
        await RestartAsync(Limit);
        var (account, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        Assert.Equal([250, 250], await AddAsync(account, 2));
        await Eventually.Async(() => Counted(account) == 2);

        await RestartAsync(Limit);
        Assert.Equal([250, 450, 450], await AddAsync(account, 3));
        Assert.Equal([250, 250, 250, 450], await AddAsync(other, 4));
        await Eventually.Async(() => Counted(account) == 3 && Counted(other) == 3);

        var identity = _node.ReplicaIdentity();
        _node.RemoveReplica();
        await _node.OtherReplicaAsync(identity);
        Assert.Equal(3, Counted(account));
        await RestartAsync(Limit);
        Assert.Equal([450], await AddAsync(account, 1));

        await RestartAsync("--Hikyaku:HardLimit=0");
        Assert.Equal([250, 250], await AddAsync(account, 2));
    }

    [Fact]
    public async Task Who_is_refused_is_told_what_to_do_and_no_number()
    {
        await RestartAsync(Limit);
        var account = await Account.OpenAsync(_node);
        await AddAsync(account, 3);
        using var smtp = await LoggedInAsync(account);
        var refused = await smtp.SayRecipientAsync(account.Address, "friend@outside.test");
        Assert.Equal(450, (int)refused.StatusCode);
        Assert.Matches("^4\\.7\\.1 .*Too many recipients within an hour: stop sending, wait an hour and send the rest then", refused.Response);
        Assert.DoesNotContain("3", refused.Response.Replace("friend@outside.test", "", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task While_the_agent_is_away_submitted_mail_is_taken()
    {
        var (account, reader) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await _node.StopAgentAsync();
        await account.SubmitAsync(account.Address, reader.Address, "without an agent");
        await Eventually.Async(reader.InboxAsync, inbox => inbox.Contains("without an agent"));
        await RestartAsync();
        await account.SubmitAsync(account.Address, reader.Address, "with an agent");
        await Eventually.Async(() => _node.Broker.SubmissionsOf(account.State.AccountId), s => s.Count == 1);
    }

    [Fact]
    public async Task A_refused_message_is_never_told_and_one_that_the_log_does_not_name_is_told_late()
    {
        var clock = new ShiftedClock();
        _node.Clock = clock;
        await RestartAsync();
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using (var smtp = await LoggedInAsync(account))
            Assert.StartsWith("554", await smtp.SayMessageAsync(account.Address, neighbour.Address, $"From: {neighbour.Address}"), StringComparison.Ordinal);
        await Eventually.Async(() => _node.Broker.DeliveriesOf(account.State.AccountId).Any(d => d.Kind == DeliveryKinds.Refused));

        await CompleteAsync("NoSuchMessage1");
        clock.By = TimeSpan.FromSeconds(71); // more than a milter may take
        await AssertToldAsync("NoSuchMessage1");
        await CompleteAsync("NoSuchMessage2");
        _node.Clock = TimeProvider.System;
        await RestartAsync();
        await AssertToldAsync("NoSuchMessage1", "NoSuchMessage2");

        Task CompleteAsync(string queueId) => PolicyService.AskAsync(
            "127.0.0.1", _node.Port("POLICY"),
            ["request=smtpd_access_policy", "protocol_state=END-OF-MESSAGE", $"instance={Guid.NewGuid():N}", $"sasl_username={account.Address}/1.1", "recipient_count=1", $"queue_id={queueId}"], CancellationToken.None);

        async Task AssertToldAsync(params string[] queueIds) => Assert.Equal(
            queueIds, (await Eventually.Async(() => _node.Broker.SubmissionsOf(account.State.AccountId), s => s.Count >= queueIds.Length)).Select(s => s.QueueId).Order(StringComparer.Ordinal));
    }

    private async Task RestartAsync(params string[] settings)
    {
        await _node.RestartAgentAsync(settings);
        await Eventually.Async(async () =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _node.Port("POLICY"));
            return client.Connected;
        });
    }

    private long Counted(Account account) => _node.AskReplica("SELECT coalesce(sum(recipients), 0) FROM recipient_count WHERE account_id = $1", account.State.AccountId);

    private async Task<SpeakingClient> LoggedInAsync(Account account)
    {
        var smtp = await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await smtp.AuthenticateAsync(account.Address, account.Secret);
        return smtp;
    }

    // What is said to each recipient.
    private async Task<List<int>> AddAsync(Account account, int recipients)
    {
        using var smtp = await LoggedInAsync(account);
        await smtp.SayAsync($"MAIL FROM:<{account.Address}>");
        var said = new List<int>();
        for (var i = 0; i < recipients; i++) said.Add((int)(await smtp.SayAsync($"RCPT TO:<friend{i}@outside.test>")).StatusCode);
        return said;
    }
}
