using System.Text;
using Hikyaku.Platform.Testing;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Postfix and Dovecot read an address as the API does, however its domain is written. The gateway's tests have the same for its entries.</summary>
[Collection(OneNode.Name)]
public sealed class Spelled_addresses(NodeFixture fixture)
{
    private const int Each = 8;
    private readonly MailNodeUnderTest _node = fixture.Node;

    public static TheoryData<string, string> EntriesAndDomains => [.. from entry in new[] { "IMAP", "POP3", "SUBMISSION" } from domain in Domains select (entry, domain)];

    private static string[] Domains => ["mail.example.jp", "xn--r8jz45g.jp", "xn--mckegik.jp"];

    public static TheoryData<string> AllDomains => [.. Domains];

    [Theory, Trait("Rule", "ACC-15"), MemberData(nameof(EntriesAndDomains))]
    public async Task A_login_is_read_in_every_spelling(string entry, string domain)
    {
        var account = await Account.OpenAsync(_node, domain: domain);
        foreach (var login in SpelledAddress.SomeWithBlanks(account.Address, Each, seed: 20261130))
        {
            using MailKit.MailService client = entry switch
            {
                "IMAP" => await _node.ImapAsync(),
                "POP3" => await _node.Pop3Async(),
                _ => await _node.SmtpAsync(entry, SecureSocketOptions.StartTls),
            };
            await client.AuthenticateAsync(login, account.Secret);
            await client.DisconnectAsync(true);
        }
    }

    [Theory, Trait("Rule", "ACC-15"), MemberData(nameof(AllDomains))]
    public async Task A_recipient_is_read_in_every_spelling_from_outside_and_submitted(string domain)
    {
        var account = await Account.OpenAsync(_node, domain: domain);
        var subjects = new List<string>();
        foreach (var to in SpelledAddress.Some(account.Address, Each, seed: 20261130))
        {
            foreach (var isSubmitted in new[] { false, true })
            {
                subjects.Add($"message {subjects.Count}");
                var message = Encoding.UTF8.GetBytes($"From: {account.Address}\r\nSubject: {subjects[^1]}\r\n\r\nto {to}\r\n");
                var reply = isSubmitted ? await account.SubmitRawAsync(to, message) : await _node.DeliverRawAsync(to, message);
                Assert.True(reply.StartsWith("250", StringComparison.Ordinal), $"{to}: {reply}");
            }
        }

        await Eventually.Async(account.InboxAsync, inbox => inbox.Order().SequenceEqual(subjects.Order()), TimeSpan.FromSeconds(60));
    }

    [Theory, Trait("Rule", "ACC-15"), Trait("Rule", "NOD-1")]
    [InlineData("x@ｏｕｔｓｉｄｅ．ｔｅｓｔ", "501 5.1.3")]
    [InlineData("nobody@ｅｘａｍｐｌｅ。ｊｐ", "550 5.1.1")]
    [InlineData("ｔａｒｏ@ｅｘａｍｐｌｅ。ｊｐ", "550 5.1.1")]
    [InlineData("＠ｅｘａｍｐｌｅ。ｊｐ", "5")]
    [InlineData("'\" ＠ｅｘａｍｐｌｅ。ｊｐ", "5")]
    public async Task Another_recipient_is_refused_as_ever(string to, string refusal)
    {
        await Account.OpenAsync(_node);
        Assert.StartsWith(refusal, await _node.DeliverRawAsync(to, "Subject: x\r\n\r\nx\r\n"u8.ToArray()), StringComparison.Ordinal);
        var endless = await _node.DeliverRawAsync($"{new string('あ', 50_000)}@example.jp", "Subject: x\r\n\r\nx\r\n"u8.ToArray());
        Assert.StartsWith("5", endless, StringComparison.Ordinal);
    }
}
