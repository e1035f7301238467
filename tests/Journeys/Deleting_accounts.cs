using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.Journeys;

[Trait("Nodes", "several")]
public sealed class Deleting_accounts(PlatformUnderTest platform)
{
    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "OPS-6")]
    public async Task A_deleted_account_is_gone_at_once_and_a_later_one_of_its_name_inherits_nothing()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain);
        await platform.DeliverAsync(account, "of the former");
        using (var imap = await platform.ImapAsync(account))
        {
            await Eventually.Async(() => CountAsync(imap), n => n == 1);
            var folder = await imap.GetFolder(imap.PersonalNamespaces[0]).CreateAsync("Mine", isMessageFolder: true);
            await folder!.SubscribeAsync();

            using var user = await platform.SignInAsync(account, PlatformUnderTest.Password);
            var deleted = await platform.Operator.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}");
            Assert.Equal(202, deleted.Status);

            Assert.Equal(404, (await platform.Operator.GetAsync($"/api/v1/accounts/{account}")).Status);
            await Assert.ThrowsAsync<AuthenticationException>(() => platform.ImapAsync(account));
            await Assert.ThrowsAsync<SmtpCommandException>(() => platform.DeliverAsync(account, "too late"));
            await Eventually.Async(async () => (await user.GetAsync("/api/v1/me")).Status == 401);
            var early = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "taro", password = PlatformUnderTest.Password });
            Assert.True(early.Code is "accounts.being-deleted" || early.Status == 201, early.Text);
            if (early.Status == 409)
            {
                await platform.JobAsync(deleted, "succeeded");
                Assert.Equal(201, (await platform.Operator.SendAsync(
                    HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name = "taro", password = PlatformUnderTest.Password })).Status);
            }
        }

        await platform.InForceAsync(account);
        using (var imap = await platform.ImapAsync(account))
        {
            Assert.Equal(0, await CountAsync(imap));
            var folders = await imap.GetFoldersAsync(imap.PersonalNamespaces[0]);
            Assert.DoesNotContain(folders, f => f.Name == "Mine");
            Assert.DoesNotContain(await imap.GetFoldersAsync(imap.PersonalNamespaces[0], StatusItems.None, subscribedOnly: true), f => f.Name == "Mine");
        }

        var history = (await platform.Operator.GetAsync($"/api/v1/accounts/{account}/history")).Body!["items"]!.AsArray();
        Assert.Single(history);
        await platform.DeliverAsync(account, "of the later");
        using var later = await platform.ImapAsync(account);
        await Eventually.Async(() => CountAsync(later), n => n == 1);
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "ACC-4")]
    public async Task Many_go_at_once_with_their_mail_and_with_postmaster_among_them_none_does()
    {
        var domain = await platform.DomainAsync();
        var accounts = new List<string>();
        foreach (var n in Enumerable.Range(0, 20)) accounts.Add(await platform.AccountAsync(domain, $"user{n:00}"));
        foreach (var account in accounts.Take(5)) await platform.DeliverAsync(account, "some mail");

        var refused = await platform.Operator.SendAsync(
            HttpMethod.Post, $"/api/v1/domains/{domain}/accounts/delete", new { addresses = accounts.Append($"postmaster@{domain}") });
        Assert.Equal((409, "accounts.postmaster-cannot-be-deleted"), (refused.Status, refused.Code));
        using (await platform.ImapAsync(accounts[0])) { }

        var deleted = await platform.Operator.SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts/delete", new { addresses = accounts });
        Assert.Equal(202, deleted.Status);
        foreach (var account in accounts) await Assert.ThrowsAsync<SmtpCommandException>(() => platform.DeliverAsync(account, "too late"));
        Assert.Equal(20, (await platform.JobAsync(deleted, "succeeded"))["result"]!["deleted"]!.GetValue<int>());
        Assert.Equal(1, (await platform.Operator.GetAsync($"/api/v1/domains/{domain}")).Body!["accounts"]!.GetValue<int>());
    }

    [Fact, Trait("Rule", "ACC-6"), Trait("Rule", "GWY-5")]
    public async Task Mail_data_is_deleted_while_mail_comes_in_and_nothing_that_came_later_is_lost()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync(), capacityMb: 500);
        using (var imap = await platform.ImapAsync(account))
        {
            var personal = imap.GetFolder(imap.PersonalNamespaces[0]);
            var own = await personal.CreateAsync("注文", isMessageFolder: true);
            foreach (var folder in new[] { imap.Inbox!, own!, imap.GetFolder(SpecialFolder.Trash)!, imap.GetFolder(SpecialFolder.Sent)! })
            {
                foreach (var n in Enumerable.Range(0, 50)) await folder.AppendAsync(Message($"old {n}"), MessageFlags.None);
            }
        }

        var sending = new CancellationTokenSource();
        var sent = new List<string>();
        var deliveries = Task.Run(async () =>
        {
            for (var n = 0; !sending.IsCancellationRequested && n < 2000; n++)
            {
                var subject = $"under fire {n}";
                await platform.DeliverAsync(account, subject);
                lock (sent) sent.Add(subject);
            }
        });
        await Eventually.Async(() => { lock (sent) return sent.Count > 5; });
        int before;
        lock (sent) before = sent.Count;
        // Mail is dated to the second, and what may have come after the request stays.
        var second = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await Eventually.Async(() => DateTimeOffset.UtcNow.ToUnixTimeSeconds() > second + 2);
        using var user = await platform.SignInAsync(account, PlatformUnderTest.Password);
        var begun = await user.SendAsync(HttpMethod.Delete, $"/api/v1/accounts/{account}/mail");
        Assert.Equal(202, begun.Status);
        int later;
        lock (sent) later = sent.Count + 1; // one may have been on its way since before the request

        var ended = await platform.JobAsync(begun, "succeeded");
        await Eventually.Async(() => { lock (sent) return sent.Count > later + 5; });
        await sending.CancelAsync();
        await deliveries;

        Assert.True(ended["result"]!["messages"]!.GetValue<int>() >= 200 + before - 5, ended.ToJsonString()); // some may still have been on their way
        using var after = await platform.ImapAsync(account);
        var deleted = ended["result"]!["messages"]!.GetValue<int>() - 200;
        await Eventually.Async(() => CountAsync(after), n => n == sent.Count - deleted);
        var root = after.GetFolder(after.PersonalNamespaces[0]);
        var kept = await root.GetSubfolderAsync("注文");
        await kept!.OpenAsync(FolderAccess.ReadOnly);
        Assert.Equal(0, kept.Count);
        await after.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        var subjects = (await after.Inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope)).Select(m => m.Envelope!.Subject).ToList();
        Assert.DoesNotContain(subjects, s => s!.StartsWith("old", StringComparison.Ordinal));
        Assert.Equal(subjects.Count, subjects.Distinct().Count());
        Assert.Empty(sent.Skip(later).Except(subjects)); // nothing that came later is lost
    }

    private static MimeMessage Message(string subject)
        => new([new MailboxAddress(null, "somebody@elsewhere.example")], [new MailboxAddress(null, "x@example.jp")], subject, new TextPart("plain") { Text = "text" });

    private static async Task<int> CountAsync(ImapClient imap)
    {
        if (imap.Inbox!.IsOpen) await imap.Inbox.CheckAsync();
        else await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        return imap.Inbox.Count;
    }
}
