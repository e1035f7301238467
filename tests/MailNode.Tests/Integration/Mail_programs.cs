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
        var account = await (await Account.OpenAsync(_node)).ChangeCapacityAsync(1);
        foreach (var n in Enumerable.Range(0, 3)) await _node.DeliverAsync(account.Address, $"large {n}", 310_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 3);
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

    private static async Task EmptyAsync(IMailFolder folder)
    {
        await folder.AddFlagsAsync(UniqueIdRange.All, MessageFlags.Deleted, silent: true);
        await folder.ExpungeAsync();
    }
}
