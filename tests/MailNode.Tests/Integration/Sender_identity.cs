using Hikyaku.Platform.Testing;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>
/// What the header of submitted mail says: Rspamd's part of NOD-6. In the examples, OWN is the address that has logged in, NAME
/// what it has before the @, THEIRS a neighbour's address in the same domain, and NEIGHBOUR what that has before the @.
/// </summary>
[Collection(OneNode.Name)]
public sealed class Sender_identity(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    public static TheoryData<string> Forged =>
    [
        "From: THEIRS",
        "From: <THEIRS>",
        "From: Their Name <THEIRS>",
        "from: THEIRS",
        "FROM : THEIRS",
        "From\t: THEIRS",
        "From:\r\n THEIRS",
        "From: OWN, THEIRS",
        "From: OWN,\r\n\tTHEIRS",
        "From: <OWN> <THEIRS>",
        "From: <THEIRS> <OWN>",
        "From: THEIRS <OWN>",
        "From: OWN <THEIRS>",
        "From: (OWN) THEIRS",
        "From: (a (nested) one) THEIRS (OWN)",
        "From: \"OWN\" <THEIRS>",
        "From: Us: OWN, THEIRS;",
        "From: <@outside.test:THEIRS>",
        "From: \"an open quote <OWN>, THEIRS",
        "From: \"a \\\" quote\" <THEIRS>",
        "From: (an open comment OWN) (THEIRS",
        "From: OWN\r\nFrom: THEIRS",
        "From: THEIRS\r\nSubject: x\r\nFrom: OWN",
        "From: OWN\r\nFrom: OWN",
        "From: OWN\rFrom: THEIRS",
        "From: OWN\0THEIRS",
        "From: THEIRS\0",
        "From: OWN\r\nSender: THEIRS",
        "From: OWN\r\nSender: ",
        "From: (\") THEIRS ((\") OWN (\") \")",
        "From: (\") THEIRS, (\") OWN",
        "From: \\\" \" <THEIRS> \" <OWN>",
        "From: <NEIGHBOUR\\@example.jp> <OWN>",
        "From: [\"] <THEIRS> [\"] <OWN>",
        "From: \"other-\"NAME@example.jp",
        "From: other(-)NAME@example.jp",
        "From: =?utf-8?Q?THEIRS=2C?= <OWN>",
        "From: =?utf-8?Q?NEIGHBOUR=40example.jp=20=3Cx=3E?= <OWN>",
        $"From: {new string('a', 5000)} <OWN>",
        $"From: {new string('(', 5000)}{new string(')', 5000)} <OWN>",
        "From: someone@example.jp",
        "From: someone@outside.test",
        "From: NAME",
        "From: NAME@EXAMPLE.JP.outside.test",
        "From: undisclosed",
        "From: ",
        "From: <>",
        "From: @example.jp",
        "From: x\u3042@example.jp",
    ];

    [Theory, Trait("Rule", "NOD-6")]
    [MemberData(nameof(Forged))]
    public async Task A_header_that_names_somebody_else_is_refused_whatever_the_envelope_says(string header)
    {
        var (sender, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        foreach (var envelope in new[] { sender.Address, "" })
            Assert.Matches("^(554|550) 5.7.1 ", await SubmitAsync(sender, envelope, neighbour.Address, In(header, sender, neighbour)));

        await sender.SubmitAsync(sender.Address, neighbour.Address, "all that comes");
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.SequenceEqual(["all that comes"]));
    }

    [Theory, Trait("Rule", "NOD-6")]
    [InlineData("From: OWN")]
    [InlineData("From: <OWN>")]
    [InlineData("From: My Name <OWN>")]
    [InlineData("From: \"OWN\" <OWN>")]
    [InlineData("From: \"Name, My (at home) \\\" <none>\" <OWN>")]
    [InlineData("From: =?utf-8?B?5bGx55Sw?= =?utf-8?B?5aSq6YOO?= <OWN>")]
    [InlineData("From: =?iso-2022-jp?B?GyRCOzNFRBsoQg==?=\r\n <OWN>")]
    [InlineData("From: \u5c71\u7530 <OWN>")]
    [InlineData("From: OWN (My Name (really))")]
    [InlineData("From: \"Name\"<OWN>")]
    [InlineData("From: \"THEIRS\" <OWN>")]
    [InlineData("From: =?UTF-8?B?55Sw5LitQEFCQ+WVhuS6iw==?= <OWN>")] // 田中@ABC商事
    [InlineData("From: (\\( a quoted one \\\\) <OWN>")]
    [InlineData("from : <OWN>")]
    [InlineData("FROM: <NAME@EXAMPLE.JP>")]
    [InlineData("From: OWN\r\nSender: OWN")]
    [InlineData("From: OWN\r\nReply-To: THEIRS\r\nResent-From: OWN")]
    [InlineData("Subject: no From, so Postfix adds it")]
    [InlineData("From: OWN\r\nSubject: a message\r\n\r\nFrom: THEIRS\r\n\r\nin its text")]
    [InlineData("Subject: a carriage return becomes a blank\rFrom: THEIRS")]
    [InlineData("Subject: not a header after it\r\n\r\rFrom: THEIRS")]
    [InlineData("From: OWN\r\nContent-Type: message/rfc822\r\n\r\nFrom: THEIRS\r\n\r\nforwarded")]
    public async Task Ones_own_address_is_taken_in_every_form(string header)
    {
        var (sender, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        Assert.StartsWith("250", await SubmitAsync(sender, sender.Address, neighbour.Address, In(header, sender, neighbour)), StringComparison.Ordinal);
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.Count == 1);
        using var imap = await neighbour.LoggedInAsync();
        await imap.Inbox!.OpenAsync(MailKit.FolderAccess.ReadOnly);
        var from = (await imap.Inbox.GetMessageAsync(0)).From.Mailboxes.Single();
        Assert.Equal(sender.Address, from.Address, ignoreCase: true);
    }

    [Theory, Trait("Rule", "NOD-6")]
    [InlineData("From: OWN\r\nContent-Type: multipart/report; report-type=disposition-notification; boundary=x", true)]
    [InlineData("Subject: a bounce that nobody sent, to which Postfix would add MAILER-DAEMON", false)]
    public async Task With_an_empty_envelope_the_header_names_oneself(string header, bool taken)
    {
        var (sender, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        Assert.StartsWith(taken ? "250" : "55", await SubmitAsync(sender, "", neighbour.Address, In(header, sender, neighbour)), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "NOD-6"), Trait("Rule", "NOD-4")]
    public async Task The_largest_message_is_taken_and_judged_as_any_other()
    {
        const int largest = 104_857_600;
        const int patience = 120_000; // a busy machine takes long to look through it
        var (sender, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node, capacityMb: 500));
        Assert.Equal(554, await RefusedAsync(neighbour.Address, largest));
        Assert.Equal(552, await RefusedAsync(sender.Address, largest + 1));
        await sender.SubmitAsync(Clients.MessageOf(largest, sender.Address), neighbour.Address, patience);
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.Count == 1, TimeSpan.FromSeconds(30));

        async Task<int> RefusedAsync(string from, int size)
            => (int)(await Assert.ThrowsAsync<SmtpCommandException>(() => sender.SubmitAsync(Clients.MessageOf(size, from), neighbour.Address, patience))).StatusCode;
    }

    [Theory, Trait("Rule", "NOD-6")]
    [InlineData("SUBMISSION", SecureSocketOptions.None)]
    [InlineData("SUBMISSIONS", SecureSocketOptions.SslOnConnect)]
    public async Task On_every_port_and_with_the_login_written_in_capitals(string port, SecureSocketOptions tls)
    {
        var (sender, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var smtp = await _node.SmtpAsync(port, tls);
        await smtp.AuthenticateAsync(sender.Address.ToUpperInvariant(), sender.Secret);
        Assert.StartsWith("554 5.7.1", await smtp.SayMessageAsync(sender.Address, neighbour.Address, $"From: {neighbour.Address}"), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SayMessageAsync(sender.Address, neighbour.Address, $"From: {sender.Address}"), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "NOD-6")]
    public async Task Mail_from_other_servers_is_not_asked_about()
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await _node.SmtpAsync();
        Assert.StartsWith("250", await smtp.SayMessageAsync("list@outside.test", account.Address, $"From: {account.Address}\r\nSubject: from a list"), StringComparison.Ordinal);
        await Eventually.Async(account.InboxAsync, inbox => inbox.SequenceEqual(["from a list"]));
    }

    private static string In(string header, Account sender, Account neighbour) => header
        .Replace("OWN", sender.Address, StringComparison.Ordinal)
        .Replace("NAME", sender.Address.Split('@')[0], StringComparison.Ordinal)
        .Replace("THEIRS", neighbour.Address, StringComparison.Ordinal)
        .Replace("NEIGHBOUR", neighbour.Address.Split('@')[0], StringComparison.Ordinal);

    private static async Task<string> SubmitAsync(Account sender, string envelope, string to, string header)
    {
        using var smtp = await sender.Node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await smtp.AuthenticateAsync(sender.Address, sender.Secret);
        return await smtp.SayMessageAsync(envelope, to, header);
    }
}
