using Hikyaku.Platform.Testing;
using MailKit;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.MailNode.Tests.Integration;

public sealed class Tidying_old_mail(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "ACC-14")]
    public async Task Mail_saved_180_days_ago_moves_to_the_archive_and_31_days_in_the_trash_is_the_end()
    {
        var account = await WithMailAsync();
        await TidyAsync(TimeSpan.FromDays(30));
        Assert.Equal((1, 0, 1, 1), await CountsAsync(account));
        await TidyAsync(TimeSpan.FromDays(32));
        Assert.Equal((1, 0, 0, 1), await CountsAsync(account));
        await TidyAsync(TimeSpan.FromDays(179));
        Assert.Equal((1, 0, 0, 1), await CountsAsync(account));
        await TidyAsync(TimeSpan.FromDays(181));
        Assert.Equal((0, 1, 0, 1), await CountsAsync(account));
        await TidyAsync(TimeSpan.FromDays(1000)); // nothing leaves the archive or the others
        Assert.Equal((0, 1, 0, 1), await CountsAsync(account));
    }

    [Fact, Trait("Rule", "ACC-14")]
    public async Task Both_periods_are_settings()
    {
        var account = await WithMailAsync();
        await _node.StopAgentAsync();
        await _node.StartAgentAsync("--Hikyaku:ArchiveAfterDays=7", "--Hikyaku:TrashDays=3");
        await _node.ReadyAsync();
        foreach (var (days, expected) in new[] { (2, (1, 0, 1, 1)), (4, (1, 0, 0, 1)), (6, (1, 0, 0, 1)), (8, (0, 1, 0, 1)) })
        {
            await TidyAsync(TimeSpan.FromDays(days));
            Assert.Equal(expected, await CountsAsync(account));
        }

        await _node.StopAgentAsync();
        await _node.StartAgentAsync();
        await _node.ReadyAsync();
    }

    [Fact, Trait("Rule", "ACC-14")]
    public async Task Old_mail_that_was_copied_here_just_now_is_not_archived()
    {
        var account = await WithMailAsync();
        using (var imap = await account.LoggedInAsync())
            await imap.Inbox!.AppendAsync(new AppendRequest(Clients.Message("copied", 100), MessageFlags.Seen, DateTimeOffset.UtcNow.AddYears(-5)));
        await TidyAsync(TimeSpan.FromDays(179));
        Assert.Equal(["copied", "of the past"], (await account.InboxAsync()).Order());
    }

    [Fact, Trait("Rule", "ACC-14")]
    public async Task Reading_a_message_does_not_make_it_young_again()
    {
        var account = await WithMailAsync();
        await TidyAsync(TimeSpan.Zero); // the daily look, which notes when mail was saved
        var saved = DateTimeOffset.UtcNow;
        await Eventually.Async(() => DateTimeOffset.UtcNow > saved.AddSeconds(3));
        using (var imap = await account.LoggedInAsync())
        {
            await imap.Inbox!.OpenAsync(FolderAccess.ReadWrite);
            await imap.Inbox.AddFlagsAsync(0, MessageFlags.Seen | MessageFlags.Flagged, true);
        }

        await TidyAsync(saved.AddSeconds(2).AddDays(180) - DateTimeOffset.UtcNow);
        Assert.Equal((0, 1), ((await CountsAsync(account)).Inbox, (await CountsAsync(account)).Archive));
        using var again = await account.LoggedInAsync();
        var archive = again.GetFolder("Archive");
        await archive.OpenAsync(FolderAccess.ReadOnly);
        Assert.Equal(MessageFlags.Seen | MessageFlags.Flagged, (await archive.FetchAsync(0, -1, MessageSummaryItems.Flags)).Single().Flags & ~MessageFlags.Recent);
    }

    [Fact, Trait("Rule", "ACC-14")]
    public async Task A_full_mailbox_is_tidied_too_and_many_at_once_are()
    {
        var account = await WithMailAsync();
        account.Fill(1200);
        await account.ChangeCapacityAsync(1);
        account.Fill(1, "Sent");
        await File.WriteAllTextAsync(Path.Combine(account.Folder(), "Maildir", "Sent", "cur", "1700000000.M0P1.test:2,S"), $"Subject: big\n\n{new string('x', 1_100_000)}\n", TestContext.Current.CancellationToken);
        await TidyAsync(TimeSpan.FromDays(181));
        Assert.Equal((0, 1201), ((await CountsAsync(account)).Inbox, (await CountsAsync(account)).Archive));
    }

    [Fact, Trait("Rule", "ACC-14")]
    public async Task Mailboxes_that_nobody_opens_are_looked_into_and_one_without_a_folder_gets_none()
    {
        var (account, empty) = (await WithMailAsync(), await Account.OpenAsync(_node));
        await Eventually.Async(() => LookedInto(account) > 0 && LookedInto(empty) > 0, TimeSpan.FromSeconds(60));
        Assert.False(Directory.Exists(empty.Folder()));
    }

    [Fact, Trait("Rule", "ACC-14")]
    public async Task Mail_of_a_mailbox_that_nobody_has_ever_opened_is_archived()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "of the past");
        await Eventually.Async(() => Files("") == 1);
        await TidyAsync(TimeSpan.FromDays(181));
        Assert.Equal((0, 1), (Files(""), Files("Archive")));

        int Files(string folder) => new[] { "new", "cur" }.Select(f => Path.Combine(account.Folder(), "Maildir", folder, f)).Where(Directory.Exists).Sum(f => Directory.GetFiles(f).Length);
    }

    [Theory, Trait("Rule", "ACC-14"), Trait("Rule", "NOD-2")]
    [InlineData(BadAnswer.ConnectionClosed)]
    [InlineData(BadAnswer.CommandFailed)]
    [InlineData(BadAnswer.OtherShape)]
    [InlineData(BadAnswer.OtherFields)]
    public async Task What_dovecot_did_not_do_is_tried_again_in_ten_minutes(BadAnswer answer)
    {
        var account = await WithMailAsync();
        using var standIn = new DoveadmStandIn(answer);
        using var bad = ActivatorUtilities.CreateInstance<Doveadm>(_node.Agent, Settings with { Doveadm = new Uri(standIn.Setting.Split('=')[1]) });
        await TidyAsync(TimeSpan.FromDays(181), bad);
        Assert.True(standIn.Asked > 0);
        Assert.Equal(1, (await CountsAsync(account)).Inbox);
        await TidyAsync(TimeSpan.FromDays(181) + TimeSpan.FromMinutes(11));
        Assert.Equal((0, 1), ((await CountsAsync(account)).Inbox, (await CountsAsync(account)).Archive));
    }

    private NodeSettings Settings => _node.Agent.GetRequiredService<NodeSettings>();

    // Rounds of a node whose clock is ahead: one looks into some mailboxes only, and other tests have theirs.
    private async Task TidyAsync(TimeSpan ahead, Doveadm? doveadm = null)
    {
        using var tidier = ActivatorUtilities.CreateInstance<Tidier>(_node.Agent, new ShiftedClock { By = ahead }, new MailboxTurns(), doveadm ?? _node.Agent.GetRequiredService<Doveadm>());
        for (var round = 0; round < 10; round++) await tidier.RoundAsync(TestContext.Current.CancellationToken);
    }

    private async Task<Account> WithMailAsync()
    {
        var account = await Account.OpenAsync(_node, capacityMb: 50);
        await _node.DeliverAsync(account.Address, "of the past");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        using var imap = await account.LoggedInAsync();
        foreach (var folder in new[] { "Trash", "Sent" }) await imap.GetFolder(folder).AppendAsync(Clients.Message("old", 100));
        return account;
    }

    private static async Task<(int Inbox, int Archive, int Trash, int Sent)> CountsAsync(Account account)
    {
        using var imap = await account.LoggedInAsync();
        async Task<int> Count(string name)
        {
            var folder = name == "INBOX" ? imap.Inbox! : imap.GetFolder(name);
            await folder.StatusAsync(StatusItems.Count);
            return folder.Count;
        }

        return (await Count("INBOX"), await Count("Archive"), await Count("Trash"), await Count("Sent"));
    }

    private long LookedInto(Account account) => _node.AskReplica("SELECT at FROM tidied WHERE account_id = $1", account.State.AccountId);
}
