using System.Text;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Contracts;
using Hikyaku.Routing.Scripts;

namespace Hikyaku.MailNode.Tests.Integration;

[Collection(OneNode.Name)]
public sealed class Trying_rules_on_stored_mail(NodeFixture fixture)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RTE-4"), Trait("Rule", "OPS-4")]
    public async Task A_rule_is_tried_on_the_mail_of_all_folders_and_nothing_is_forwarded()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverRawAsync(account.Address, Encoding.ASCII.GetBytes("From: =?UTF-8?B?5bGx55Sw?= <yamada@shop.test>\r\nSubject: =?ISO-2022-JP?B?GyRCJDQ4K0BRGyhC?=\r\n\r\nFrom here on\r\n"));
        await Eventually.Async(account.InboxAsync, i => i.Count == 1, Long);
        await _node.DeliverRawAsync(account.Address, Encoding.ASCII.GetBytes("Subject: another\r\n >> Filtering message:\r\n\r\nbody\r\n"));
        using (var imap = await Eventually.Async(account.InboxAsync, i => i.Count == 2, Long) is { } ? await account.LoggedInAsync() : null)
        {
            await imap!.Inbox!.OpenAsync(MailKit.FolderAccess.ReadWrite);
            var archive = (await imap.GetFoldersAsync(imap.PersonalNamespaces[0])).Single(f => f.Name == "Archive");
            await imap.Inbox.MoveToAsync(0, archive);
        }

        var answer = await AskAsync(account, SieveScript.OfPreview("subject", "見積"));
        Assert.Equal((2, 1), (answer.Searched, answer.Matched));
        var match = Assert.Single(answer.Matches);
        Assert.Equal(("Archive", "ご見積", true), (match.Folder, match.Subject, match.From.Contains("山田", StringComparison.Ordinal)));
        Assert.Equal((2, 0), await CountsAsync(account, SieveScript.OfPreview("subject", "nothing")));
        Assert.Equal((2, 2), await CountsAsync(account, SieveScript.OfPreview("all", null)));
        Assert.DoesNotContain(_node.Outside.Recipients, r => r.EndsWith("forward.invalid", StringComparison.Ordinal));
        Assert.Empty(Directory.GetDirectories(Path.Combine(_node.Home, "mailnode", "run", "previews")));
    }

    [Fact, Trait("Rule", "OPS-4")]
    public async Task A_mailbox_that_never_had_mail_has_nothing_to_match()
        => Assert.Equal((0, 0), await CountsAsync(await Account.OpenAsync(_node), SieveScript.OfPreview("all", null)));

    [Fact, Trait("Rule", "OPS-4")]
    public async Task A_rule_is_tried_on_mail_whose_UIDs_are_far_apart()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "old");
        await Eventually.Async(account.InboxAsync, i => i.Count == 1, Long);
        await GuardedProcess.RunAsync("root", "doveadm", "-c", $"{_node.Home}/mailnode/dovecot/dovecot.conf", "mailbox", "update", "-u", account.Address, "--min-next-uid", "40000", "INBOX");
        await _node.DeliverAsync(account.Address, "new");
        await Eventually.Async(account.InboxAsync, i => i.Count == 2, Long);
        Assert.Equal((2, 2), await CountsAsync(account, SieveScript.OfPreview("all", null)));
    }

    private async Task<(int Searched, int Matched)> CountsAsync(Account account, string script) => await AskAsync(account, script) is var a ? (a.Searched, a.Matched) : default;

    private async Task<RulePreviewed> AskAsync(Account account, string script)
    {
        var request = Guid.NewGuid().ToString("N");
        await _node.Broker.PublishAsync(new RulePreviewAsked(request, account.State.AccountId, script));
        return (await Eventually.Async(() => _node.Broker.Facts.Values.OfType<RulePreviewed>().FirstOrDefault(a => a.RequestId == request), a => a is not null, Long))!;
    }
}
