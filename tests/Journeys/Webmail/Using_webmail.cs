using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.Journeys.Webmail;

/// <summary>The manual's steps 6-3-1 to 6-3-6, in a browser.</summary>
[Trait("Rule", "WEB-1")]
public sealed class Using_webmail(PlatformUnderTest platform, WebmailBrowser browser) : IClassFixture<WebmailBrowser>
{
    [Theory]
    [InlineData("ja-JP", "ログイン", "受信箱", "迷惑メール", "メールアドレスまたはパスワードが正しくありません。")]
    [InlineData("en-US", "Login", "Inbox", "Junk", "The address or the password is not right.")]
    public async Task An_address_and_its_password_log_in_and_a_wrong_one_is_told(string locale, string login, string inbox, string junk, string refused)
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await using var window = await browser.OpenAsync(locale);
        Assert.Equal(login, (await window.Page.InnerTextAsync("#rcmloginsubmit")).Trim(), ignoreCase: true);
        Assert.Contains("Hikyaku", await window.Page.TitleAsync(), StringComparison.Ordinal);

        await window.LogInAsync(account, "Wrong-Password-1");
        await window.Notice(refused).WaitForAsync();
        await window.LogInAsync(account.ToUpperInvariant().Replace('@', '＠'), PlatformUnderTest.Password);
        await window.Folder("inbox").WaitForAsync();

        Assert.Contains(inbox, await window.Folder("inbox").InnerTextAsync(), StringComparison.Ordinal);
        Assert.Contains(junk, await window.Folder("junk").InnerTextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_is_sorted_and_a_message_dragged_to_a_folder()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await DeliverAsync(account, ("b", "Banana", 3), ("a", "Cherry", 1), ("c", "Apple", 5));
        await using var window = await browser.LogInAsync(account);
        await window.ListedAsync("Apple", "Cherry", "Banana");

        foreach (var (column, ascending) in new (string, string[])[]
        {
            ("from", ["Cherry", "Banana", "Apple"]), ("subject", ["Apple", "Banana", "Cherry"]), ("date", ["Banana", "Cherry", "Apple"]), ("priority", ["Apple", "Banana", "Cherry"]),
        })
        {
            await window.SortAsync(column, "ASC");
            await window.ListedAsync(ascending);
            await window.SortAsync(column, "DESC");
            await window.ListedAsync([.. Enumerable.Reverse(ascending)]);
        }

        await window.DragAsync("Banana", "junk");
        await window.ListedAsync("Cherry", "Apple");
        using var imap = await platform.ImapAsync(account);
        await HoldsAsync(imap, SpecialFolder.Junk, "Banana");
    }

    [Fact]
    public async Task A_message_is_read_without_its_remote_pictures_and_answered()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await DeliverAsync(account, ("sender", "Question", 3));
        await using var window = await browser.LogInAsync(account);
        var remote = new List<string>();
        window.Page.Request += (_, request) => { if (request.Url.Contains("pictures.example", StringComparison.Ordinal)) remote.Add(request.Url); };

        await window.ReadAsync("Question");
        Assert.Contains("the text", await window.Page.InnerTextAsync("#messagebody"), StringComparison.Ordinal);
        Assert.Empty(remote);
        await window.Button("reply").ClickAsync();
        await window.Page.WaitForSelectorAsync("#compose-subject");
        Assert.Equal("Re: Question", await window.Page.InputValueAsync("#compose-subject"));
        await window.Page.FillAsync("#composebody", "返信の本文");
        await window.SendAsync();

        await window.ShownAsync("_mbox=INBOX"); // back to the list
        await Eventually.Async(() => platform.OutboxAsync("sender@elsewhere.example"), o => o.Count(m => m.Contains($"From: {account}", StringComparison.Ordinal)) == 1);
        using var imap = await platform.ImapAsync(account);
        Assert.Equal(["Re: Question"], await SubjectsAsync(imap, SpecialFolder.Sent));
    }

    [Fact]
    public async Task A_message_is_forwarded()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await DeliverAsync(account, ("sender", "Report", 3));
        await using var window = await browser.LogInAsync(account);
        await window.ReadAsync("Report");
        await window.Button("forward").ClickAsync();
        await window.Page.WaitForSelectorAsync("#compose-subject");
        await window.Page.FillAsync("#compose_to input", $"{account.Split('@')[1]}@elsewhere.example");
        await window.SendAsync();

        await window.ShownAsync("_mbox=INBOX");
        await Eventually.Async(() => platform.OutboxAsync($"{account.Split('@')[1]}@elsewhere.example"), o => o.Count == 1 && o[0].Contains("Fwd: Report", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Deleted_mail_goes_to_the_trash_and_from_there_for_good()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await DeliverAsync(account, ("a", "Old", 3), ("a", "Older", 3));
        await using var window = await browser.LogInAsync(account);
        await window.SelectAsync("Older");
        await window.Button("delete").ClickAsync();
        await window.ListedAsync("Old");
        using var imap = await platform.ImapAsync(account);
        await HoldsAsync(imap, SpecialFolder.Trash, "Older");

        await window.GoAsync("?_task=mail&_mbox=Trash");
        await window.SelectAsync("Older");
        await window.Button("delete").ClickAsync();
        await window.ListedAsync();
        await HoldsAsync(imap, SpecialFolder.Trash);
    }

    [Fact]
    public async Task The_trash_is_emptied_at_logout_for_whoever_wants_that()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        await DeliverAsync(account, ("a", "Old", 3));
        await using var window = await browser.LogInAsync(account);
        await window.SelectAsync("Old");
        await window.Button("delete").ClickAsync();
        await window.ListedAsync();
        using var imap = await platform.ImapAsync(account);
        await HoldsAsync(imap, SpecialFolder.Trash, "Old");

        await window.GoAsync("?_task=settings");
        await window.Page.ClickAsync("tr.server");
        var settings = window.Page.FrameLocator("#preferences-frame");
        Assert.Equal("never", await settings.Locator("[name=_logout_purge]").InputValueAsync());
        await settings.Locator("[name=_logout_purge]").SelectOptionAsync("all");
        await settings.Locator("button.submit").ClickAsync();
        await window.Notice("保存しました").WaitForAsync();
        await window.GoAsync("?_task=mail");
        await window.LogOutAsync();
        await window.Page.WaitForSelectorAsync("#rcmloginuser");

        await HoldsAsync(imap, SpecialFolder.Trash);
    }

    [Fact]
    public async Task A_contact_is_added_and_written_to_in_To_and_Cc()
    {
        var domain = await platform.DomainAsync();
        var account = await platform.AccountAsync(domain);
        var other = await platform.AccountAsync(domain, "hanako");
        await using var window = await browser.LogInAsync(account);
        await window.AddContactAsync("Hanako", other);

        await window.GoAsync("?_task=mail&_action=compose");
        await window.ShownAsync("_id=");
        await window.Page.ClickAsync("#compose_to a[data-popup=headers-menu]");
        await window.Page.ClickAsync(".popover a[data-target=cc]");
        foreach (var field in new[] { "#compose_to", "#compose_cc" })
        {
            await window.Page.ClickAsync($"{field} a.add.recipient");
            var dialog = window.Page.Locator(".ui-dialog");
            await dialog.GetByText("個人の住所").ClickAsync();
            await dialog.Locator("tr.contact", new() { HasText = "Hanako" }).ClickAsync();
            await dialog.GetByText("挿入", new() { Exact = true }).ClickAsync();
            await window.Page.Locator($"{field} .recipient", new() { HasText = other }).First.WaitForAsync();
        }

        await window.Page.FillAsync("#compose-subject", "To and Cc");
        await window.Page.FillAsync("#composebody", "本文");
        await window.SendAsync();
        await window.ShownAsync("_mbox=INBOX");
        await platform.ArrivesAsync(other, "To and Cc");
    }

    private async Task DeliverAsync(string account, params (string Sender, string Subject, int Priority)[] messages)
    {
        using var smtp = new SmtpClient();
        var (host, port) = platform.Server("smtp");
        await smtp.ConnectAsync(host, port, SecureSocketOptions.None);
        var date = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        foreach (var (sender, subject, priority) in messages)
        {
            using var message = new MimeMessage(
                [new MailboxAddress(null, $"{sender}@elsewhere.example")], [new MailboxAddress(null, account)], subject,
                new TextPart("html") { Text = "<p>the text <img src=\"https://pictures.example/p.png\"></p>" });
            message.Date = date = date.AddHours(1);
            message.XPriority = (XMessagePriority)priority;
            await smtp.SendAsync(message);
        }

        await smtp.DisconnectAsync(true);
        foreach (var (_, subject, _) in messages) await platform.ArrivesAsync(account, subject);
    }

    // The page hides a line at once, and the server is told after it.
    private static async Task HoldsAsync(ImapClient imap, SpecialFolder role, params string[] subjects)
        => await Eventually.Async(() => SubjectsAsync(imap, role), s => s.SequenceEqual(subjects));

    private static async Task<IReadOnlyList<string>> SubjectsAsync(ImapClient imap, SpecialFolder role)
    {
        var folder = imap.GetFolder(role)!;
        await folder.OpenAsync(FolderAccess.ReadOnly);
        var subjects = (await folder.FetchAsync(0, -1, MessageSummaryItems.Envelope)).Select(m => m.Envelope!.Subject!).ToList();
        await folder.CloseAsync();
        return subjects;
    }
}
