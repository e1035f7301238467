using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Imap;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What mail programs rely on.</summary>
[Collection(OneNode.Name)]
public sealed class Mail_programs(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "ACC-3")]
    public async Task A_new_mailbox_has_all_its_folders_subscribed_the_inbox_too()
    {
        var account = await Account.OpenAsync(_node);
        using var imap = await account.LoggedInAsync();
        var subscribed = await imap.GetFoldersAsync(imap.PersonalNamespaces[0], StatusItems.None, subscribedOnly: true);
        Assert.Equal(["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"], subscribed.Select(f => f.FullName).Order(StringComparer.Ordinal));
    }

    [Fact, Trait("Rule", "RST-8")]
    public async Task A_full_mailbox_is_emptied_by_way_of_Trash_and_takes_no_mail_before()
    {
        var account = await FullAccountAsync();
        using var imap = await account.LoggedInAsync();
        var (inbox, trash) = (imap.Inbox!, imap.GetFolder(SpecialFolder.Trash)!);
        await inbox.OpenAsync(FolderAccess.ReadWrite);
        await Assert.ThrowsAsync<ImapCommandException>(() => inbox.AppendAsync(Clients.Message("one more", 310_000)));
        await inbox.CopyToAsync(UniqueIdRange.All, trash); // as mutt does with trash=+Trash

        // What is in Trash counts: there is no space for new mail until it is gone.
        await Assert.ThrowsAsync<ImapCommandException>(() => inbox.AppendAsync(Clients.Message("one more", 1000)));
        await Assert.ThrowsAsync<MailKit.Net.Smtp.SmtpCommandException>(() => _node.DeliverAsync(account.Address, "one more"));
        Assert.InRange((long)(await inbox.GetQuotaAsync()).CurrentStorageSize!, 1024 + 1, 2 * 1024); // kB
        // And the grace is bounded.
        await Assert.ThrowsAsync<ImapCommandException>(() => inbox.CopyToAsync(UniqueIdRange.All, trash));

        await EmptyAsync(inbox);
        await trash.OpenAsync(FolderAccess.ReadWrite);
        await EmptyAsync(trash);
        await _node.DeliverAsync(account.Address, "there is space again");
    }

    // As Roundcube deletes: it moves where the server can, and copies, marks and expunges by UID where not. Then it empties Trash.
    [Theory, Trait("Rule", "RST-8"), Trait("Rule", "WEB-1")]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Webmail_deletes_all_of_a_full_mailbox_and_it_takes_mail_again(bool byMove)
    {
        var account = await FullAccountAsync();
        using var imap = await account.LoggedInAsync();
        Assert.True(imap.Capabilities.HasFlag(ImapCapabilities.Move | ImapCapabilities.UidPlus));
        var (inbox, trash) = (imap.Inbox!, imap.GetFolder(SpecialFolder.Trash)!);
        await inbox.OpenAsync(FolderAccess.ReadWrite);
        var isFirst = true;
        foreach (var uid in await inbox.SearchAsync(MailKit.Search.SearchQuery.All))
        {
            if (byMove)
            {
                await inbox.MoveToAsync([uid], trash); // UID MOVE
            }
            else
            {
                await inbox.CopyToAsync([uid], trash); // UID COPY
                await inbox.AddFlagsAsync([uid], MessageFlags.Deleted | MessageFlags.Seen, silent: false); // UID STORE
                await inbox.ExpungeAsync([uid]); // UID EXPUNGE
            }

            if (!isFirst) continue;
            isFirst = false; // what is in Trash counts: nothing is gained by moving it there
            await Assert.ThrowsAsync<MailKit.Net.Smtp.SmtpCommandException>(() => _node.DeliverAsync(account.Address, "too early", 310_000));
        }

        await inbox.StatusAsync(StatusItems.Count);
        await trash.OpenAsync(FolderAccess.ReadWrite);
        Assert.Equal((0, 3), (inbox.Count, trash.Count));
        var deleted = await trash.SearchAsync(MailKit.Search.SearchQuery.All);
        await trash.AddFlagsAsync(deleted, MessageFlags.Deleted, silent: false);
        await trash.ExpungeAsync(deleted);
        await _node.DeliverAsync(account.Address, "there is space again", 310_000);
        await Eventually.Async(account.InboxAsync, i => i.SequenceEqual(["there is space again"]));
    }

    [Fact, Trait("Rule", "RST-8")]
    public async Task A_full_mailbox_is_emptied_by_POP_and_takes_mail_again()
    {
        var account = await FullAccountAsync();
        using (var pop = await _node.Pop3Async())
        {
            await pop.AuthenticateAsync(account.Address, account.Secret);
            Assert.Equal(3, pop.Count);
            await pop.DeleteMessagesAsync(0, 2);
            await pop.DisconnectAsync(quit: true);
        }

        Assert.Single(await account.InboxAsync());
        await _node.DeliverAsync(account.Address, "there is space again", 310_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 2);
    }

    [Fact, Trait("Rule", "RST-8")]
    public async Task Mutt_with_a_trash_folder_deletes_all_of_a_full_mailbox()
    {
        var account = await FullAccountAsync();
        var server = $"imap://127.0.0.1:{_node.Port("IMAP")}/";
        await RunAsync("mutt", $"""
            set folder={server}
            set spoolfile=+INBOX
            set trash=+Trash
            set imap_user="{account.Address}"
            set imap_pass="{account.Secret}"
            set ssl_starttls=no
            set ssl_force_tls=no
            set delete=yes
            set quit=yes
            unset confirmcreate
            push <delete-pattern>~A<enter><sync-mailbox><quit>
            """, file => $"script --quiet --return --command 'mutt -n -F {file}' /dev/null");
        using var imap = await account.LoggedInAsync();
        var trash = imap.GetFolder(SpecialFolder.Trash)!;
        await trash.StatusAsync(StatusItems.Count);
        await imap.Inbox!.StatusAsync(StatusItems.Count);
        Assert.Equal((0, 3), (imap.Inbox.Count, trash.Count));
    }

    [Fact, Trait("Rule", "ACC-3")]
    public async Task Mbsync_fetches_the_inbox_with_the_subscribed_folders()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "to be fetched");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        var folder = Directory.CreateTempSubdirectory("hikyaku-mbsync-");
        await RunAsync("mbsync", $"""
            IMAPStore far
            Host 127.0.0.1
            Port {_node.Port("IMAP")}
            User {account.Address}
            Pass {account.Secret}
            SSLType None
            AuthMechs LOGIN
            SubscribedOnly yes

            MaildirStore near
            Path {folder.FullName}/
            Inbox {folder.FullName}/INBOX
            SubFolders Verbatim

            Channel all
            Far :far:
            Near :near:
            Patterns *
            Create Near
            SyncState *
            """, file => $"mbsync -c {file} all");
        Assert.Equal(["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"], folder.GetDirectories().Select(d => d.Name).Order(StringComparer.Ordinal));
        Assert.Single(Directory.GetFiles(Path.Combine(folder.FullName, "INBOX"), "*", SearchOption.AllDirectories), f => !Path.GetFileName(f).StartsWith('.'));
        folder.Delete(recursive: true);
    }

    private async Task<Account> FullAccountAsync()
    {
        var account = await (await Account.OpenAsync(_node)).ChangeCapacityAsync(1);
        await account.SessionsEndedAsync();
        foreach (var n in Enumerable.Range(0, 3)) await _node.DeliverAsync(account.Address, $"large {n}", 310_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 3);
        return account;
    }

    private static async Task RunAsync(string program, string settings, Func<string, string> command)
    {
        var file = Path.Combine(Directory.CreateTempSubdirectory($"hikyaku-{program}-").FullName, "settings");
        await File.WriteAllTextAsync(file, settings + "\n");
        await GuardedProcess.RunAsync("root", "env", "TERM=xterm", $"HOME={Path.GetDirectoryName(file)}", "timeout", "60", "sh", "-c", command(file));
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    private static async Task EmptyAsync(IMailFolder folder)
    {
        await folder.AddFlagsAsync(UniqueIdRange.All, MessageFlags.Deleted, silent: true);
        await folder.ExpungeAsync();
    }
}
