using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Erasing_deleted_accounts(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_deleted_account_leaves_nothing_and_its_open_sessions_can_do_nothing_more()
    {
        var (account, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await _node.DeliverAsync(account.Address, "of the past");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        using var imap = await account.LoggedInAsync();
        using var submission = await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await submission.AuthenticateAsync(account.Address, account.Secret);
        Assert.Equal(250, (int)(await submission.SayRecipientAsync("", other.Address)).StatusCode); // works until then
        await submission.SayAsync("RSET");

        await account.DeleteAsync();
        using (var port25 = await _node.SmtpAsync()) Assert.Equal(550, (int)(await port25.SayRecipientAsync("stranger@outside.test", account.Address)).StatusCode);
        Assert.Equal(421, (int)(await submission.SayRecipientAsync(account.Address, other.Address)).StatusCode); // and an empty sender: Open_submission_sessions

        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        await Eventually.Async(() => imap.IsOverAsync());
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.False(Directory.Exists(account.Folder()) || Directory.Exists(account.FolderOnItsWayOut()));
        foreach (var table in new[] { "usage", "login_count", "session_end", "tidied" })
            Assert.Equal(0, _node.AskReplica($"SELECT count(*) FROM {table} WHERE account_id = $1", account.State.AccountId));
        (await other.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "NOD-2")]
    public async Task It_goes_on_after_the_agent_was_killed_in_the_middle_of_a_folder()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "of the past");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        account.Fill(1000);
        await _node.StopAgentAsync();
        // A disk of its own goes with no folder, so that it is not done before it is killed.
        await GuardedProcess.RunAsync("root", "mount", "-t", "tmpfs", "none", Directory.CreateDirectory(Path.Combine(account.Folder(), "stays")).FullName);
        try
        {
            await using var agent = _node.StartAgentToKill();
            await account.DeleteAsync(wait: false);
            await Eventually.Async(() => Directory.Exists(account.FolderOnItsWayOut()), Long);
            // Meanwhile others are erased.
            var other = await Account.OpenAsync(_node);
            await other.DeleteAsync();
            await Eventually.Async(() => other.IsErased(), TimeSpan.FromSeconds(90));
            await agent.StopAsync();
        }
        finally
        {
            var stays = Path.Combine(account.FolderOnItsWayOut(), "stays");
            await GuardedProcess.RunAsync("root", "umount", "--lazy", Directory.Exists(stays) ? stays : Path.Combine(account.Folder(), "stays"));
        }

        Assert.False(account.IsErased());
        Assert.NotEmpty(Directory.EnumerateFileSystemEntries(account.FolderOnItsWayOut()));
        await _node.StartAgentAsync();
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.False(Directory.Exists(account.Folder()) || Directory.Exists(account.FolderOnItsWayOut()));
    }

    [Theory, Trait("Rule", "ACC-5"), Trait("Rule", "NOD-2")]
    [InlineData("before anything")]
    [InlineData("when the folder was put away")]
    [InlineData("when a folder was put away and a delivery has made another")]
    [InlineData("when everything was gone and that was not told")]
    public async Task It_goes_on_where_the_agent_was_killed(string at)
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "of the past");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        await _node.StopAgentAsync();
        await account.DeleteAsync(wait: false);
        if (at != "before anything")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(account.FolderOnItsWayOut())!);
            Directory.Move(account.Folder(), account.FolderOnItsWayOut());
        }

        if (at.Contains("another", StringComparison.Ordinal)) Directory.CreateDirectory(Path.Combine(account.Folder(), "Maildir", "new"));
        if (at.Contains("everything", StringComparison.Ordinal)) Directory.Delete(account.FolderOnItsWayOut(), true);
        await _node.StartAgentAsync();
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.False(Directory.Exists(account.Folder()) || Directory.Exists(account.FolderOnItsWayOut()));
    }

    [Theory, Trait("Rule", "ACC-5"), Trait("Rule", "NOD-2")]
    [InlineData(BadAnswer.ConnectionClosed)]
    [InlineData(BadAnswer.AnswerBroken)]
    [InlineData(BadAnswer.Silence)]
    [InlineData(BadAnswer.ServerError)]
    [InlineData(BadAnswer.CommandFailed)]
    [InlineData(BadAnswer.OtherShape)]
    public async Task Nothing_is_removed_under_sessions_that_dovecot_has_not_ended(BadAnswer answer)
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "of the past");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        using var standIn = new DoveadmStandIn(answer);
        await _node.RestartAgentAsync(standIn.Setting);
        await account.DeleteAsync(wait: false);
        await Eventually.Async(() => Sessions(account) > 0);
        var asked = standIn.Asked;
        await Eventually.Async(() => standIn.Asked > asked, Long);
        Assert.False(account.IsErased());
        Assert.True(Directory.Exists(account.Folder()));
        await _node.RestartAgentAsync();
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.False(Directory.Exists(account.Folder()));
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task An_account_that_a_list_does_not_name_is_erased_as_well()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "of the past");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        _node.Accounts.Forget(account.State);
        var before = _node.Accounts.Next();
        await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", _node.Accounts.Next(), before));
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.False(Directory.Exists(account.Folder()));
    }

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData(200)]
    [InlineData(1200)] // more than two rounds take
    public async Task Many_at_once_are_quick(int many)
    {
        await Account.ServeAsync(_node, "many.jp");
        var accounts = Enumerable.Range(0, many).Select(n => new Account(
            _node, new($"{_node.Accounts.Next():x32}", $"m{n}@many.jp", "many.jp", 1, null, 10, 1, _node.Accounts.Position, false), null)).ToList();
        await Parallel.ForEachAsync(accounts, async (a, _) => await _node.Broker.PublishAsync(a.State));
        await BookmarkAsync();
        foreach (var account in accounts)
        {
            Directory.CreateDirectory(Path.Combine(account.Folder(), "Maildir", "cur"));
            Ownership.GiveToMail(Path.GetDirectoryName(account.Folder())!); // others live there too
            await File.WriteAllTextAsync(Path.Combine(account.Folder(), "Maildir", "cur", "1.M1P1.test:2,"), "Subject: old\n\nold\n", TestContext.Current.CancellationToken);
        }

        var gone = accounts.ConvertAll(a => a.State with { Deleted = true, Version = 2, Position = _node.Accounts.Next() });
        await Parallel.ForEachAsync(gone, async (state, _) => await _node.Broker.PublishAsync(state));
        await BookmarkAsync();
        await Eventually.Async(() => accounts.TrueForAll(a => a.IsErased()), TimeSpan.FromSeconds(20 + (many / 50)));
        Assert.DoesNotContain(accounts, a => Directory.Exists(a.Folder()));
    }

    private async Task BookmarkAsync()
    {
        var position = _node.Accounts.Position;
        await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", position));
        await Eventually.Async(() => _node.Accounts.Applied >= position, Long);
    }

    private long Sessions(Account account) => _node.AskReplica("SELECT count(*) FROM session_end WHERE account_id = $1", account.State.AccountId);
}
