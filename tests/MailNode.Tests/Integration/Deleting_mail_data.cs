using System.Globalization;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MailKit;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Deleting_mail_data(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly int Many = Campaign.Size("messages", everyDay: 1000);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "ACC-6")]
    public async Task All_folders_are_emptied_and_stay_subscribed_and_later_mail_stays()
    {
        var account = await WithMailAsync();
        using (var imap = await account.LoggedInAsync())
        {
            var own = await imap.GetFolder(imap.PersonalNamespaces[0]).CreateAsync("Own", true);
            var below = await own!.CreateAsync("Sub.folder", true);
            await below!.SubscribeAsync();
            foreach (var folder in new[] { imap.GetFolder("Sent"), imap.GetFolder("Archive"), imap.GetFolder("Junk"), imap.GetFolder("Trash"), own, below })
                await folder!.AppendAsync(Clients.Message("old", 100));
        }

        var deleting = await account.DeleteMailAsync("accounts-1");
        await Eventually.Async(() => account.IsMailDeleted("accounts-1"), Long);
        Assert.Equal((7, 7), (Number(account, "done"), Number(account, "total")));
        Assert.InRange(Number(account, "freed_bytes"), 7 * 200, 7 * 2000);
        await _node.DeliverAsync(account.Address, "later");
        await Eventually.Async(account.InboxAsync, inbox => inbox.SequenceEqual(["later"]));
        using (var imap = await account.LoggedInAsync())
        {
            var folders = await imap.GetFoldersAsync(imap.PersonalNamespaces[0], StatusItems.Count, true);
            Assert.Equal(["Archive", "Drafts", "INBOX", "Junk", "Own/Sub.folder", "Sent", "Trash"], folders.Select(f => f.FullName).Order(StringComparer.Ordinal));
            Assert.Equal([("INBOX", 1)], folders.Where(f => f.Count > 0).Select(f => (f.FullName, f.Count))); // what came later
        }

        // Told again by a list, and by another change: the job is done.
        var lists = _node.Accounts.Lists;
        var before = _node.Accounts.Next();
        await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", _node.Accounts.Next(), before));
        await Eventually.Async(() => _node.Accounts.Lists > lists);
        deleting = await deleting.ChangeAsync(s => s with { CapacityMb = 20 }, account.Password);
        await deleting.DeleteMailAsync("accounts-2");
        await Eventually.Async(() => account.IsMailDeleted("accounts-2"), Long);
        Assert.Equal(1, Number(account, "done")); // what had come later was there until this one
        Assert.Empty(await account.InboxAsync());
    }

    [Fact, Trait("Rule", "ACC-6"), Trait("Size", "messages")]
    public async Task Mail_that_arrives_while_thousands_are_deleted_is_neither_lost_nor_refused()
    {
        var account = await WithMailAsync();
        account.Fill(Many);
        Assert.Equal(Many + 1, await CountAsync(account));
        var came = 0;
        Task ComeAsync() => _node.DeliverAsync(account.Address, string.Create(CultureInfo.InvariantCulture, $"came {came++}"));

        await _node.StopAgentAsync();
        await using (var agent = _node.StartAgentToKill())
        {
            await account.DeleteMailAsync("accounts-many", wait: false);
            await Eventually.Async(() => Number(account, "done") > 0, Long);
            var coming = ComeAsync();
            await agent.StopAsync();
            await coming;
        }

        Assert.False(account.IsMailDeleted("accounts-many"));
        await ComeAsync();
        await _node.StartAgentAsync();
        while (!account.IsMailDeleted("accounts-many") && came < 5000) await ComeAsync();
        Assert.Equal((Many + 1, Many + 1), (Number(account, "done"), Number(account, "total")));
        await Eventually.Async(account.InboxAsync, inbox => inbox.Order().SequenceEqual(Enumerable.Range(0, came).Select(n => $"came {n}").Order()), Long);
        _node.AssertNothingWasDeferred(account.Address);
        TestContext.Current.SendDiagnosticMessage($"{Many} messages deleted while {came} came");
    }

    // As when the broker is away between the request and the node's hearing of it, and as when the agent is.
    [Theory, Trait("Rule", "ACC-6")]
    [InlineData(0, false)]
    [InlineData(10, false)]
    [InlineData(-10, true)]
    public async Task Mail_that_came_after_the_request_stays_when_the_node_hears_of_it_late(int serviceMinutesAhead, bool isAgentAway)
    {
        _node.Accounts.ClockAhead = TimeSpan.FromMinutes(serviceMinutesAhead);
        var account = await WithMailAsync();
        await Deletions.NextSecondAsync();
        if (isAgentAway) await _node.StopAgentAsync();
        var requestedAt = _node.Accounts.Now;
        await _node.DeliverAsync(account.Address, "at once");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("at once"));
        await Deletions.NextSecondAsync();
        await _node.DeliverAsync(account.Address, "later");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("later"));

        await account.DeleteMailAsync("accounts-1", requestedAt, wait: false);
        if (isAgentAway) await _node.StartAgentAsync();
        await Eventually.Async(() => account.IsMailDeleted("accounts-1"), Long);
        Assert.Equal(["at once", "later"], (await account.InboxAsync()).Order());
        Assert.Equal(1, Number(account, "done"));
        _node.Accounts.ClockAhead = TimeSpan.Zero;
    }

    // The service names the job until it has heard that it is done; here it never hears.
    [Theory, Trait("Rule", "ACC-6"), Trait("Rule", "NOD-3")]
    [InlineData(0)]
    [InlineData(10)]
    [InlineData(-10)]
    public async Task After_a_lost_replica_mail_that_came_after_a_deletion_stays_whatever_the_clocks(int serviceMinutesAhead)
    {
        _node.Accounts.ClockAhead = TimeSpan.FromMinutes(serviceMinutesAhead);
        var account = await WithMailAsync();
        await account.DeleteMailAsync("accounts-1");
        await Eventually.Async(() => account.IsMailDeleted("accounts-1"), Long);
        await _node.DeliverAsync(account.Address, "later");
        await Eventually.Async(account.InboxAsync, inbox => inbox.SequenceEqual(["later"]));

        _node.RemoveReplica();
        await Eventually.Async(() => account.IsMailDeleted("accounts-1"), Long);
        Assert.Equal(1, Number(account, "done"));
        await Eventually.Async(account.InboxAsync, inbox => inbox.SequenceEqual(["later"]));
        _node.Accounts.ClockAhead = TimeSpan.Zero;
    }

    [Theory, Trait("Rule", "ACC-6"), Trait("Rule", "NOD-3")]
    [InlineData(10)]
    [InlineData(-10)]
    public async Task A_replica_lost_before_a_deletion_does_not_prevent_it_whatever_the_clocks(int serviceMinutesAhead)
    {
        _node.Accounts.ClockAhead = TimeSpan.FromMinutes(serviceMinutesAhead);
        var account = await WithMailAsync();
        await _node.StopAgentAsync();
        _node.RemoveReplica();
        await account.DeleteMailAsync("accounts-1", wait: false);
        await _node.StartAgentAsync();
        await Eventually.Async(() => account.IsMailDeleted("accounts-1"), Long);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 0);
        _node.Accounts.ClockAhead = TimeSpan.Zero;
    }

    [Fact, Trait("Rule", "ACC-6")]
    public async Task A_mailbox_that_has_never_had_mail_is_done_at_once_and_gets_no_folder()
    {
        var account = await Account.OpenAsync(_node);
        await account.DeleteMailAsync("accounts-1");
        await Eventually.Async(() => account.IsMailDeleted("accounts-1"), Long);
        Assert.Equal(0, Number(account, "total"));
        Assert.False(Directory.Exists(account.Folder()));
    }

    [Theory, Trait("Rule", "ACC-6"), Trait("Rule", "NOD-2")]
    [InlineData(BadAnswer.ConnectionClosed)]
    [InlineData(BadAnswer.AnswerBroken)]
    [InlineData(BadAnswer.Silence)]
    [InlineData(BadAnswer.ServerError)]
    [InlineData(BadAnswer.CommandFailed)]
    [InlineData(BadAnswer.OtherShape)]
    [InlineData(BadAnswer.OtherFields)]
    public async Task While_dovecot_does_not_do_it_it_is_not_done_and_later_it_is(BadAnswer answer)
    {
        var account = await WithMailAsync();
        using var standIn = new DoveadmStandIn(answer);
        await _node.StopAgentAsync();
        await _node.StartAgentAsync(standIn.Setting);
        await account.DeleteMailAsync("accounts-1", wait: false);
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM mailbox WHERE mail_deletion_job IS NOT NULL AND account_id = $1", account.State.AccountId) == 1);
        var asked = standIn.Asked;
        await Eventually.Async(() => standIn.Asked > asked, Long);
        Assert.False(account.IsMailDeleted("accounts-1"));
        await _node.StopAgentAsync();
        await _node.StartAgentAsync();
        await Eventually.Async(() => account.IsMailDeleted("accounts-1"), Long);
        Assert.Empty(await account.InboxAsync());
    }

    private async Task<Account> WithMailAsync()
    {
        // A test that loses the replica ends everybody's sessions, up to two seconds later: also those of the test that follows.
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM session_end") == 0, Long);
        var account = await Account.OpenAsync(_node, capacityMb: 500);
        await _node.DeliverAsync(account.Address, "first");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        return account;
    }

    private static async Task<int> CountAsync(Account account)
    {
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        return imap.Inbox.Count;
    }

    private long Number(Account account, string column) => _node.AskReplica($"SELECT {column} FROM mail_deletion WHERE account_id = $1", account.State.AccountId);
}
