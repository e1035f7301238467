using System.Text;
using Hikyaku.Platform.Testing;
using MimeKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Autoreply and reception on real Dovecot (RFC 3834, RFC 5230).</summary>
[Collection(OneNode.Name)]
public sealed class Replying_automatically(NodeFixture fixture)
{
    private const string Text = "ただいま留守にしております。\n\nｶﾅ ${subject} \"x\" \\ .\n.\n戻り次第ご連絡いたします。";
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RTE-7"), Trait("Rule", "RTE-8")]
    public async Task The_sender_gets_the_text_once_a_day_whatever_the_subject()
    {
        var (account, sender) = (await ReplyingAsync(), Sender());
        await SendAsync(account, sender, "Subject: =?UTF-8?B?5pel5pys6Kqe44Gu5Lu25ZCN?=\r\n");
        var reply = await ReplyAsync(sender);

        Assert.Equal(("", sender), (reply.Sender, Assert.Single(reply.Recipients)));
        var read = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes(reply.Raw)), TestContext.Current.CancellationToken);
        Assert.Equal("Re: 日本語の件名", read.Subject);
        Assert.Equal(Text, ((TextPart)read.Body!).Text.ReplaceLineEndings("\n").TrimEnd('\n'));
        Assert.StartsWith("auto-replied", read.Headers["Auto-Submitted"], StringComparison.Ordinal);
        Assert.Equal(account.Address, read.From.Mailboxes.Single().Address);
        Assert.NotNull(read.Headers[HeaderId.InReplyTo]);

        await SendAsync(account, sender, "Subject: another one\r\n");
        await account.RouteAsync(r => r with { Autoreply = "another text" });
        await SendAsync(account, sender, "Subject: and a third\r\n");
        var other = Sender();
        await SendAsync(account, other, "Subject: from somebody else\r\n");
        await ReplyAsync(other);
        Assert.Single(_node.Outside.Deliveries, d => d.Recipients.Contains(sender));
    }

    [Theory, Trait("Rule", "RTE-8")]
    [InlineData("List-Id: <a.list.test>")]
    [InlineData("Precedence: bulk")]
    [InlineData("Auto-Submitted: auto-generated")]
    [InlineData("To: somebody-else@example.jp")]
    [InlineData("From: MAILER-DAEMON@outside.test")]
    public async Task Lists_and_machines_get_no_reply(string header)
    {
        var (account, sender, marker) = (await ReplyingAsync(), Sender(), Sender());
        await SendAsync(account, header.StartsWith("From", StringComparison.Ordinal) ? "" : sender, header + "\r\nSubject: of a machine\r\n", addressed: !header.StartsWith("To:", StringComparison.Ordinal));
        await SendAsync(account, marker, "Subject: of a person\r\n");
        await ReplyAsync(marker);
        Assert.DoesNotContain(_node.Outside.Deliveries, d => d.Recipients.Contains(sender) || (d.Sender.Length == 0 && d.Recipients.Contains("MAILER-DAEMON@outside.test")));
        Assert.Equal(2, (await Eventually.Async(account.InboxAsync, i => i.Count == 2, Long)).Count);
    }

    [Theory, Trait("Rule", "RTE-8")]
    [InlineData("")]
    [InlineData("Subject: \r\n")]
    [InlineData("Subject: x\r\n\tBcc: victim@outside.test\r\n")]
    [InlineData("Subject: =?UTF-8?Q?x=0D=0ABcc:_victim@outside.test?=\r\n")]
    [InlineData("Subject: ${1}${text}\"; discard; stop;\r\n")]
    public async Task A_strange_subject_neither_stops_the_reply_nor_adds_a_header(string header)
    {
        var (account, sender) = (await ReplyingAsync(), Sender());
        await SendAsync(account, sender, header);
        var read = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes((await ReplyAsync(sender)).Raw)), TestContext.Current.CancellationToken);
        Assert.Null(read.Headers[HeaderId.Bcc]);
        Assert.StartsWith("Re:", read.Subject, StringComparison.Ordinal);
        Assert.DoesNotContain(_node.Outside.Recipients, r => r == "victim@outside.test");
    }

    [Theory, Trait("Rule", "RTE-7")]
    [InlineData("Subject: nothing else\r\n")]
    [InlineData("Date: Sun, 29 Nov 2026 12:00:00 +0900\r\nSubject: no author\r\n")]
    [InlineData("From: somebody@outside.test\r\nSubject: no date\r\n")]
    public async Task Mail_without_an_author_or_a_date_gets_a_reply(string header)
    {
        var (account, sender) = (await ReplyingAsync(), Sender());
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, Encoding.ASCII.GetBytes($"To: {account.Address}\r\n{header}\r\nbody\r\n"), sender), StringComparison.Ordinal);
        var read = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes((await ReplyAsync(sender)).Raw)), TestContext.Current.CancellationToken);
        Assert.Equal((account.Address, sender), (read.From.Mailboxes.Single().Address, read.To.Mailboxes.Single().Address));
        Assert.NotEqual(default, read.Date);
    }

    [Fact, Trait("Rule", "RTE-7")]
    public async Task The_longest_text_in_one_line_comes_whole()
    {
        var text = new string('ｶ', 600);
        var (account, sender) = (await Account.OpenAsync(_node), Sender());
        await account.RouteAsync(r => r with { Autoreply = text });
        await SendAsync(account, sender, "Subject: x\r\n");
        var read = await MimeMessage.LoadAsync(new MemoryStream(Encoding.Latin1.GetBytes((await ReplyAsync(sender)).Raw)), TestContext.Current.CancellationToken);
        Assert.Equal(text, ((TextPart)read.Body!).Text.Trim());
    }

    [Fact, Trait("Rule", "RTE-6"), Trait("Rule", "RST-8"), Trait("Rule", "RTE-5")]
    public async Task With_reception_off_a_full_mailbox_goes_on_forwarding_and_stores_nothing()
    {
        var account = await (await Account.OpenAsync(_node)).ChangeCapacityAsync(1);
        await _node.DeliverAsync(account.Address, "large", 900_000);
        await Eventually.Async(account.InboxAsync, i => i.Contains("large"), Long);
        var (outside, sender) = (Sender(), Sender());
        await account.RouteAsync(r => r.ForwardAll(outside) with { Reception = false, Autoreply = "not here" });
        await SendAsync(account, sender, "Subject: forwarded only\r\n", new string('x', 70) + "\r\n", times: 4000);
        var there = await Eventually.Async(() => _node.Outside.Deliveries.FirstOrDefault(d => d.Recipients.Contains(outside)), d => d is not null, Long);
        Assert.Contains("forwarded only", there!.Raw, StringComparison.Ordinal);
        await ReplyAsync(sender);
        Assert.Equal(["large"], await account.InboxAsync());
    }

    [Fact, Trait("Rule", "RTE-6")]
    public async Task With_reception_off_and_no_rule_mail_is_dropped_without_a_bounce()
    {
        var (account, sender) = (await Account.OpenAsync(_node), Sender());
        await account.RouteAsync(r => r with { Reception = false });
        await SendAsync(account, sender, "Subject: dropped\r\n");
        await Eventually.Async(_node.QueueAsync, q => !q.Any(m => m.Recipients.Contains(account.Address)), Long);
        await account.RouteAsync(r => r);
        await SendAsync(account, sender, "Subject: stored\r\n");
        Assert.Equal(["stored"], await Eventually.Async(account.InboxAsync, i => i.Count > 0, Long));
        Assert.DoesNotContain(_node.Outside.Deliveries, d => d.Recipients.Contains(sender));
    }

    private static string Sender() => $"{Guid.NewGuid():N}@outside.test";

    private async Task<Account> ReplyingAsync()
    {
        var account = await Account.OpenAsync(_node);
        await account.RouteAsync(r => r with { Autoreply = Text });
        return account;
    }

    private async Task SendAsync(Account account, string sender, string header, string line = "body\r\n", bool addressed = true, int times = 1)
    {
        using var client = await _node.SmtpAsync();
        await client.SayAsync("EHLO outside.test");
        var to = addressed ? $"To: {account.Address}\r\n" : "";
        var from = header.Contains("From:", StringComparison.Ordinal) ? "" : $"From: {sender}\r\n";
        var message = $"{from}{to}Message-ID: <{Guid.NewGuid():N}@outside.test>\r\n{header}\r\n{string.Concat(Enumerable.Repeat(line, times))}".TrimEnd('\r', '\n');
        Assert.StartsWith("250", await client.SayMessageAsync(sender, account.Address, message), StringComparison.Ordinal);
    }

    private Task<OutsideDelivery> ReplyAsync(string to)
        => Eventually.Async(() => Task.FromResult(_node.Outside.Deliveries.FirstOrDefault(d => d.Recipients.Contains(to))), d => d is not null, Long)!;
}
