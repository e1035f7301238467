using System.Text;
using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.Journeys;

/// <summary>Spam is tagged and sorted as a user wants, and people see where a message went.</summary>
public sealed class Spam_and_traces(PlatformUnderTest platform)
{
    private const string Gtube = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"; // the test pattern of spam filters

    [Fact, Trait("Rule", "SPM-2"), Trait("Rule", "SPM-3"), Trait("Rule", "OPS-4")]
    public async Task A_user_has_spam_tagged_and_sorted_and_sees_where_it_went()
    {
        var account = await platform.AccountAsync(await platform.DomainAsync());
        using var user = await platform.SignInAsync(account, PlatformUnderTest.Password);
        Assert.Equal(200, (await user.SendAsync(HttpMethod.Put, $"/api/v1/accounts/{account}/spam", new { tagSubject = true, sortToJunk = true })).Status);
        // The settings act only once the new domain's standing is known, too (SPM-5).
        await Eventually.Async(() => user.GetAsync($"/api/v1/accounts/{account}/spam"), r => (bool?)r.Body?["inForce"] == true, TimeSpan.FromSeconds(60));
        var summary = (await user.GetAsync($"/api/v1/accounts/{account}")).Body!;
        Assert.Equal((true, true), ((bool)summary["spam"]!["tagSubject"]!, (bool)summary["spam"]!["sortToJunk"]!));

        var sample = $"From: sender@elsewhere.example\r\nTo: {account}\r\nSubject: sale\r\n\r\n{Gtube}\r\n";
        var traced = await user.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/trace?sender=sender@elsewhere.example", new StringContent(sample, Encoding.ASCII, "message/rfc822"));
        Assert.Equal((200, "Junk"), (traced.Status, (string?)traced.Body?["outcome"]?["stored"]));
        Assert.DoesNotContain("TEST_PATTERN", traced.Text, StringComparison.Ordinal); // the rules are the operator's
        var earlier = await user.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/trace?at=2026-11-01T00:00:00Z", new StringContent(sample, Encoding.ASCII, "message/rfc822"));
        Assert.Equal((200, "INBOX"), (earlier.Status, (string?)earlier.Body?["outcome"]?["stored"]));
        Assert.Equal(422, (await user.SendAsync(HttpMethod.Post, $"/api/v1/accounts/{account}/trace", new StringContent("", Encoding.ASCII, "message/rfc822"))).Status);

        await SendAsync(account, "sale", Gtube);
        await SendAsync(account, "hello", "text");
        Assert.Equal(["hello"], await platform.SubjectsAsync(account, 1));
        Assert.Equal(["[SPAM] sale"], await JunkAsync(account));
        var listed = await Eventually.Async(
            () => user.GetAsync($"/api/v1/accounts/{account}/deliveries"),
            r => r.Body?["items"]?.AsArray() is { Count: 2 } items && items.Any(i => (string?)i!["outcome"]!["result"] == "junk" && (string?)i["verdict"] == "spam"), TimeSpan.FromSeconds(30));
        var id = (string)listed.Body!["items"]!.AsArray().First(i => (string?)i!["verdict"] == "spam")!["id"]!;
        var steps = (await user.GetAsync($"/api/v1/accounts/{account}/deliveries/{id}")).Body!["steps"]!.AsArray();
        Assert.Equal(["reception", "spam", "storage"], steps.Select(s => (string?)s!["by"]).Distinct());
    }

    private async Task SendAsync(string to, string subject, string text)
    {
        using var smtp = new SmtpClient();
        var (host, port) = platform.Server("smtp");
        await smtp.ConnectAsync(host, port, SecureSocketOptions.None);
        var message = new MimeMessage([MailboxAddress.Parse("sender@elsewhere.example")], [MailboxAddress.Parse(to)], subject, new TextPart("plain") { Text = text });
        await smtp.SendAsync(message);
        await smtp.DisconnectAsync(quit: true);
    }

    private Task<List<string>> JunkAsync(string account) => Eventually.Async(async () =>
    {
        using var imap = await platform.ImapAsync(account, password: PlatformUnderTest.Password);
        var junk = imap.GetFolder(SpecialFolder.Junk)!;
        await junk.OpenAsync(FolderAccess.ReadOnly);
        return (await junk.FetchAsync(0, -1, MessageSummaryItems.Envelope)).Select(m => m.Envelope?.Subject ?? "").ToList();
    }, subjects => subjects.Count > 0, TimeSpan.FromSeconds(30));
}
