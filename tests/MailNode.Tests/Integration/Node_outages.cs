using System.Net;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Node_outages(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "NOD-2")]
    public async Task Mail_and_logins_go_on_without_agent_and_accounts_service_and_it_catches_up()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopAgentAsync();
        await _node.Accounts.StopAsync();

        await _node.DeliverAsync(account.Address, "meanwhile");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("meanwhile"));
        await account.SubmitAsync(account.Address, account.Address, "sent meanwhile");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("sent meanwhile"));

        // The agent comes back first, the accounts service later; what was published meanwhile waits in the queue.
        var changed = await account.ChangeAsync(s => s with { CapacityMb = 99 }, account.Password, wait: false);
        await _node.StartAgentAsync();
        await Eventually.Async(() => Capacity(account), capacity => capacity == 99);
        await _node.Accounts.StartAsync();
        await Eventually.Async(() => _node.Accounts.Applied == changed.State.Position);
        await _node.ReadyAsync();
        // What was delivered while nobody listened is measured as well.
        await Eventually.Async(() => _node.Broker.Used.GetValueOrDefault(account.State.AccountId) > 0);
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task The_agent_goes_on_when_the_broker_was_away()
    {
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        await using var node = await MailNodeUnderTest.StartAsync(rabbit);
        var account = await Account.OpenAsync(node);
        var lists = node.Accounts.Lists;
        await rabbit.ShutDownAsync();

        await node.DeliverAsync(account.Address, "without a broker");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("without a broker"));
        await Eventually.Async(async () => await node.ReadinessAsync() == HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(30));

        await rabbit.StartAgainAsync();
        await Eventually.Async(() => node.Accounts.Lists > lists, TimeSpan.FromSeconds(60));
        await Eventually.Async(() => node.Broker.Used.GetValueOrDefault(account.State.AccountId) > 0, TimeSpan.FromSeconds(60));
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        (await changed.LoggedInAsync()).Dispose();
        await node.ReadyAsync();
    }

    [Fact, Trait("Rule", "NOD-6"), Trait("Rule", "NOD-2")]
    public async Task Without_rspamd_nothing_is_submitted_unseen_and_mail_from_outside_comes_in()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var session = await _node.SmtpAsync("SUBMISSION");
        await session.AuthenticateAsync(account.Address, account.Secret);
        Assert.StartsWith("250", await session.SayMessageAsync(account.Address, neighbour.Address, "Subject: before"), StringComparison.Ordinal);

        await _node.StopRspamdAsync();
        // In a session that was open and in a new one.
        Assert.StartsWith("4", await session.SayMessageAsync(account.Address, neighbour.Address, $"From: {neighbour.Address}"), StringComparison.Ordinal);
        var putOff = await Assert.ThrowsAsync<MailKit.Net.Smtp.SmtpCommandException>(() => account.SubmitAsync(account.Address, neighbour.Address, "later"));
        Assert.InRange((int)putOff.StatusCode, 400, 499);
        await _node.DeliverAsync(neighbour.Address, "from outside");
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.Count == 2);

        await _node.StartRspamdAsync();
        await account.SubmitAsync(account.Address, neighbour.Address, "later");
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.Order().SequenceEqual(["before", "from outside", "later"]));
    }

    [Fact, Trait("Rule", "NOD-6"), Trait("Rule", "NOD-2")]
    public async Task Who_submits_while_rspamd_stands_still_is_told_soon_to_try_again()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await _node.PauseRspamdAsync();
        try
        {
            // Within the client's patience, which is a quarter of a minute.
            var putOff = await Assert.ThrowsAsync<MailKit.Net.Smtp.SmtpCommandException>(() => account.SubmitAsync(account.Address, neighbour.Address, "later"));
            Assert.InRange((int)putOff.StatusCode, 400, 499);
            await _node.DeliverAsync(neighbour.Address, "from outside");
            await Eventually.Async(neighbour.InboxAsync, inbox => inbox.SequenceEqual(["from outside"]));
        }
        finally
        {
            await _node.ResumeRspamdAsync();
        }

        await account.SubmitAsync(account.Address, neighbour.Address, "later");
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.Order().SequenceEqual(["from outside", "later"]));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task While_a_lost_replica_is_built_again_no_account_is_called_unknown()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopAgentAsync();
        await _node.Accounts.StopAsync();
        _node.RemoveReplica();
        await _node.StartAgentAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await _node.ReadinessAsync());
        await _node.StopDovecotAsync(); // has the old file open
        await _node.StartDovecotAsync();
        using (var imap = await _node.ImapAsync())
        {
            // "Try again later", not "wrong password".
            var refused = await Assert.ThrowsAsync<AuthenticationException>(() => imap.AuthenticateAsync(account.Address, account.Secret));
            Assert.Contains("Temporary", refused.Message, StringComparison.OrdinalIgnoreCase);
        }

        // Postfix reads on in the old file, or keeps other servers waiting until there is a new one.
        var answers = AnswersUntilReadyAsync(account);
        await _node.Accounts.StartAsync();
        Assert.DoesNotContain(await answers, said => said.StartsWith('5'));
        await Eventually.Async(account.InboxAsync, _ => true);
        await Eventually.Async(() => RecipientAsync(account), said => said.StartsWith("250", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task A_replica_removed_under_the_agent_is_built_again_and_the_servers_read_it()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "before");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("before"));
        _node.RemoveReplica();
        await Eventually.Async(() => File.Exists(_node.Replica));
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        await Eventually.Async(changed.InboxAsync, inbox => inbox.Contains("before"));
        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        var other = await Account.OpenAsync(_node);
        await Eventually.Async(() => RecipientAsync(other), said => said.StartsWith("250", StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "NOD-3")]
    public async Task What_a_list_does_not_name_goes_and_a_list_that_breaks_off_changes_nothing()
    {
        var (stays, goes) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var session = await goes.LoggedInAsync();
        _node.Accounts.Forget(goes.State);

        _node.Accounts.BreaksOff = true;
        var lists = _node.Accounts.Lists;
        await MissAsync();
        await Eventually.Async(() => _node.Accounts.Lists > lists + 1);
        (await goes.LoggedInAsync()).Dispose();

        _node.Accounts.BreaksOff = false;
        await Eventually.Async(async () => (await RecipientAsync(goes)).StartsWith("550", StringComparison.Ordinal));
        await Assert.ThrowsAsync<AuthenticationException>(goes.LoggedInAsync);
        (await stays.LoggedInAsync()).Dispose();
        await Eventually.Async(() => session.IsOverAsync());
    }

    [Theory, Trait("Rule", "NOD-3"), Trait("Rule", "REL-8")]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("{\"part\":\"MailboxState\"}")]
    [InlineData("{\"part\":\"MailboxState\",\"state\":null}")]
    [InlineData("{\"part\":5,\"state\":{}}")]
    [InlineData("{\"part\":\"MailboxState\",\"state\":[]}")]
    [InlineData("<html>")]
    public async Task A_list_with_an_unreadable_line_changes_nothing_and_is_asked_for_again(string line)
    {
        var (stays, goes) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        _node.Accounts.Forget(goes.State);
        _node.Accounts.FirstLine = line;
        var lists = _node.Accounts.Lists;
        await MissAsync();
        await Eventually.Async(() => _node.Accounts.Lists > lists + 1);
        (await goes.LoggedInAsync()).Dispose();

        _node.Accounts.FirstLine = null;
        await Eventually.Async(async () => (await RecipientAsync(goes)).StartsWith("550", StringComparison.Ordinal));
        (await stays.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task After_missed_states_the_node_does_not_claim_to_obey_until_it_has_listed()
    {
        var account = await Account.OpenAsync(_node);
        _node.Accounts.BreaksOff = true;
        var applied = _node.Accounts.Applied;
        // A capacity that only the list tells of, then a bookmark of a later page.
        var missed = account.State with { CapacityMb = 77, Version = 2, Position = _node.Accounts.Next() };
        _node.Accounts.Keep(missed);
        var lists = _node.Accounts.Lists;
        await MissAsync();
        await Eventually.Async(() => _node.Accounts.Lists > lists);
        Assert.Equal(applied, _node.Accounts.Applied);
        _node.Accounts.BreaksOff = false;
        await Eventually.Async(() => _node.Accounts.Applied == _node.Accounts.Position);
        Assert.Equal(77, Capacity(account));
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task Nothing_is_submitted_while_the_replica_is_out_of_date()
    {
        var account = await Account.OpenAsync(_node);
        await Eventually.Async(() => CurrentAsOf() > DateTimeOffset.UtcNow.AddMinutes(-2));
        await _node.StopAgentAsync();
        await _node.Accounts.StopAsync();
        SetCurrentAsOf(DateTimeOffset.UtcNow.AddMinutes(-55));
        await account.SubmitAsync(account.Address, account.Address, "in time");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("in time"));

        SetCurrentAsOf(DateTimeOffset.UtcNow.AddMinutes(-65));
        foreach (var port in new[] { "SUBMISSION", "SUBMISSIONS" })
        {
            var refused = await Assert.ThrowsAsync<MailKit.Net.Smtp.SmtpCommandException>(() => account.SubmitAsync(account.Address, account.Address, "too late", port: port));
            Assert.Equal((450, true), ((int)refused.StatusCode, refused.Message.Contains("4.3.2", StringComparison.Ordinal)));
        }

        // Mail from outside and reading go on.
        await _node.DeliverAsync(account.Address, "from outside");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("from outside") && !inbox.Contains("too late"));

        // The agent alone knows nothing newer; with the service it does.
        await _node.StartAgentAsync();
        Assert.InRange(CurrentAsOf(), DateTimeOffset.UtcNow.AddMinutes(-66), DateTimeOffset.UtcNow.AddMinutes(-64));
        await _node.Accounts.StartAsync();
        await Eventually.Async(() => CurrentAsOf() > DateTimeOffset.UtcNow.AddMinutes(-2));
        await account.SubmitAsync(account.Address, account.Address, "at last");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("at last"));
        await _node.ReadyAsync();
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_node_that_lags_does_not_take_its_replica_for_current()
    {
        await Account.OpenAsync(_node);
        await Eventually.Async(() => CurrentAsOf() > DateTimeOffset.UtcNow.AddMinutes(-2));
        await _node.StopAgentAsync();
        SetCurrentAsOf(DateTimeOffset.UtcNow.AddMinutes(-65));
        _node.Accounts.BreaksOff = true; // no list helps
        _node.Accounts.Next(); // a change that does not arrive
        await _node.StartAgentAsync();
        var (renewals, lists) = (_node.Accounts.Renewals, _node.Accounts.Lists);
        await Eventually.Async(() => _node.Accounts.Renewals > renewals + 1 && _node.Accounts.Lists > lists, TimeSpan.FromSeconds(30));
        Assert.True(CurrentAsOf() < DateTimeOffset.UtcNow.AddMinutes(-60));
        _node.Accounts.BreaksOff = false;
        await Eventually.Async(() => CurrentAsOf() > DateTimeOffset.UtcNow.AddMinutes(-2), TimeSpan.FromSeconds(30));
        await _node.ReadyAsync();
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_later_life_of_an_address_begins_with_an_empty_mailbox()
    {
        var first = await Account.OpenAsync(_node, name: "again");
        await _node.DeliverAsync(first.Address, "of the first life");
        await Eventually.Async(first.InboxAsync, inbox => inbox.Count == 1);
        await first.ChangeAsync(s => s with { Deleted = true, PasswordHash = null }, null);
        Assert.StartsWith("550", await RecipientAsync(first), StringComparison.Ordinal);
        // The accounts service gives the name away only then.
        await Eventually.Async(() => first.IsErased());

        var second = await (await Account.OpenAsync(_node, name: "other")).ChangeAsync(s => s with { Address = first.Address, Life = 2 }, Account.UsualPassword);
        Assert.Empty(await second.InboxAsync());
        await _node.DeliverAsync(second.Address, "of the second life");
        await Eventually.Async(second.InboxAsync, inbox => inbox.SequenceEqual(["of the second life"]));
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task A_message_that_is_no_state_holds_nothing_up()
    {
        await _node.Broker.PublishAsync(new MailboxState("", "", "", 0, null, 0, 1, _node.Accounts.Next(), false));
        var account = await Account.OpenAsync(_node);
        (await account.LoggedInAsync()).Dispose();
    }

    [Theory, Trait("Rule", "REL-8")]
    [InlineData("")]
    [InlineData("no JSON")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{\"messageType\":[\"urn:message:Hikyaku.Accounts.Contracts:MailboxState\"]}")]
    [InlineData("{\"messageType\":[\"urn:message:Hikyaku.Accounts.Contracts:MailboxState\"],\"message\":7}")]
    [InlineData("{\"messageType\":[\"urn:message:Unknown:Contract\"],\"message\":{}}")]
    public async Task A_message_that_cannot_be_read_holds_nothing_up_and_is_made_up_for_by_a_list(string body)
    {
        var lists = _node.Accounts.Lists;
        await _node.Broker.PublishRawAsync($"node-{_node.Name}", body);
        await Eventually.Async(() => _node.Accounts.Lists > lists);
        await Account.OpenAsync(_node);
    }

    private Task MissAsync()
    {
        var before = _node.Accounts.Next();
        return _node.Broker.PublishAsync(new NodeStateBookmark("accounts", _node.Accounts.Next(), before));
    }

    private async Task<string> RecipientAsync(Account account)
    {
        using var smtp = await _node.SmtpAsync();
        var said = await smtp.SayRecipientAsync("stranger@outside.test", account.Address);
        return $"{(int)said.StatusCode} {said.Response}";
    }

    // What other servers are told that ask for a recipient all the time.
    private async Task<List<string>> AnswersUntilReadyAsync(Account account)
    {
        var answers = new List<string>();
        do answers.Add(await RecipientAsync(account));
        while (await _node.ReadinessAsync() != HttpStatusCode.OK);
        return answers;
    }

    private long Capacity(Account account) => _node.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", account.State.AccountId);

    private DateTimeOffset CurrentAsOf() => DateTimeOffset.FromUnixTimeMilliseconds(_node.AskReplica("SELECT current_as_of FROM freshness"));

    private void SetCurrentAsOf(DateTimeOffset time) => _node.ChangeReplica("UPDATE progress SET current_as_of = $1", time.ToUnixTimeMilliseconds());
}
