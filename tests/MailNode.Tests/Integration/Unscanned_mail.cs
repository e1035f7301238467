using System.Net;
using System.Net.Sockets;
using static Hikyaku.MailNode.Tests.Integration.ScannedMail;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A node whose operator lets mail pass while Rspamd is away; here it always is.</summary>
[Collection(OneNode.Name)]
public sealed class Unscanned_mail(NodeFixture fixture)
{
    private const string Forged = "X-Spam-Flag: YES\nx-spam-score: -99\nX-Spam-Status: No,\n score=-99\nX-Virus-Status: clean\nx-virus-status : infected Forged";
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "SPM-1")]
    public async Task Mail_from_outside_is_marked_and_what_its_sender_has_forged_is_taken_out()
    {
        var account = await Account.OpenAsync(_node);
        Assert.StartsWith("250", await account.DeliverTextAsync($"{Forged}\nSubject: from outside", "text"), StringComparison.Ordinal);
        AssertUnscanned(await account.HeaderAsync("from outside"));
    }

    [Fact, Trait("Rule", "SPM-1")]
    public async Task What_people_submit_is_marked_and_what_they_have_forged_is_taken_out()
    {
        var account = await Account.OpenAsync(_node);
        Assert.StartsWith("250", await account.SubmitRawAsync(account.Address, Bytes($"From: {account.Address}\n{Forged}\nSubject: submitted\n\ntext\n")), StringComparison.Ordinal);
        AssertUnscanned(await account.HeaderAsync("submitted"));
    }

    [Fact, Trait("Rule", "NOD-4")]
    public async Task Verdicts_in_a_message_within_a_message_stay()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverRawAsync(account.Address, Bytes($"From: somebody@outside.test\nSubject: outer\nMIME-Version: 1.0\nContent-Type: message/rfc822\n\n{Forged}\nSubject: inner\n\ntext\n"));
        await account.HeaderAsync("outer");
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(MailKit.FolderAccess.ReadOnly);
        var inner = (MimeKit.MessagePart)(await imap.Inbox.GetMessageAsync(0)).Body!;
        Assert.Equal("YES", inner.Message!.Headers["X-Spam-Flag"]);
    }

    [Fact, Trait("Rule", "OPS-4")]
    public async Task A_sample_is_traced_as_mail_that_passes()
    {
        var account = await Account.OpenAsync(_node);
        await account.RouteAsync(r => r.ForwardAll("then@outside.test"), new Hikyaku.Routing.RoutingSettings(ForwardSpam: false));
        var traced = await account.TraceAsync("Subject: hello\nX-Spam-Flag: YES", Gtube);
        Assert.Equal(("unscanned", "INBOX", "then@outside.test"), (traced.Verdict?.Kind, traced.Stored, traced.Forwards.SingleOrDefault()?.Destination));
    }

    [Fact, Trait("Rule", "SPM-7")]
    public async Task Nobody_who_moves_mail_waits_for_an_Rspamd_that_hangs()
    {
        using var hanging = new TcpListener(IPAddress.Loopback, _node.Port("LEARN"));
        hanging.Start();
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(5) }; // less than the agent gives Rspamd for one message
        http.DefaultRequestHeaders.Add("X-Mailbox", $"{Guid.NewGuid():N}@example.jp");
        for (var n = 0; n < 10; n++)
        {
            using var content = new StringContent("Subject: x\r\n\r\ntext\r\n");
            using var answer = await http.PostAsync(new Uri(_node.AgentAddress, "/learn/spam"), content, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }
    }

    private static void AssertUnscanned(MimeKit.HeaderList header)
    {
        Assert.DoesNotContain(header, h => h.Field.StartsWith("X-Spam-", StringComparison.OrdinalIgnoreCase));
        Assert.Equal("unscanned", Assert.Single(header, h => h.Field.Trim().Equals("X-Virus-Status", StringComparison.OrdinalIgnoreCase)).Value);
    }
}
