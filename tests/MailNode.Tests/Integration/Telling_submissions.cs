using System.Net;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Platform.Testing;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What the services hear of mail that people submit, as Postfix asks the agent about it.</summary>
[Collection(OneNode.Name), Trait("Rule", "RST-2")]
public sealed class Telling_submissions(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact]
    public async Task A_message_to_three_is_told_once_and_the_next_one_of_the_session_is_another()
    {
        var (account, reader) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using (var smtp = new SmtpClient { LocalEndPoint = new IPEndPoint(IPAddress.Parse("127.0.0.91"), 0), ServerCertificateValidationCallback = _node.IsItsCertificate })
        {
            await smtp.ConnectAsync("127.0.0.1", _node.Port("SUBMISSION"), SecureSocketOptions.StartTls);
            await smtp.AuthenticateAsync(account.Address, account.Secret);
            await SendAsync(smtp, account, reader.Address.ToUpperInvariant(), "Friend@Outside.test", "other@outside.test");
            await SendAsync(smtp, account, reader.Address);
            await smtp.DisconnectAsync(true);
        }

        await Eventually.Async(reader.InboxAsync, inbox => inbox.Count == 2);
        var told = await Eventually.Async(() => _node.Broker.SubmissionsOf(account.State.AccountId), s => s.Count >= 2);
        Assert.Equal(2, told.Count);
        Assert.Equal(2, told.Select(s => s.Id).Distinct().Count());
        Assert.Equal([3, 1], told.Select(s => s.Recipients));
        Assert.Equal(new[] { "friend@outside.test", "other@outside.test", reader.Address }.Order(StringComparer.Ordinal), told[0].To.Order(StringComparer.Ordinal));
        Assert.Equal([reader.Address], told[1].To);
        foreach (var one in told)
        {
            Assert.Equal((account.Address, "127.0.0.91"), (one.Address, one.Source));
            Assert.InRange(one.Size, 100, 10_000);
            Assert.InRange(one.At, DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow);
            Assert.Contains($"{one.QueueId}: from=<{account.Address}>", _node.Log, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Port_465_is_told_too_and_mail_that_is_given_up_or_from_elsewhere_is_not()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address, "from elsewhere");
        using (var smtp = await _node.SmtpAsync("SUBMISSIONS", SecureSocketOptions.SslOnConnect))
        {
            await smtp.AuthenticateAsync(account.Address, account.Secret);
            await smtp.SayRecipientAsync(account.Address, "friend@outside.test");
            await smtp.SayAsync("RSET");
        }

        await account.SubmitAsync(account.Address, account.Address, "complete", port: "SUBMISSIONS");
        var told = await Eventually.Async(() => _node.Broker.SubmissionsOf(account.State.AccountId), s => s.Count >= 1);
        Assert.Equal([account.Address], Assert.Single(told).To);
    }

    [Fact]
    public async Task A_message_whose_header_is_refused_is_not_told_and_the_next_one_is()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var smtp = await _node.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls);
        await smtp.AuthenticateAsync(account.Address, account.Secret);
        Assert.StartsWith("554", await smtp.SayMessageAsync(account.Address, neighbour.Address, $"From: {neighbour.Address}"), StringComparison.Ordinal);
        Assert.StartsWith("250", await smtp.SayMessageAsync(account.Address, account.Address, $"From: {account.Address}"), StringComparison.Ordinal);
        var told = await Eventually.Async(() => _node.Broker.SubmissionsOf(account.State.AccountId), s => s.Count >= 1);
        Assert.Equal([account.Address], Assert.Single(told).To);
    }

    [Fact]
    public async Task Postfix_asking_again_is_answered_and_told_once()
    {
        var account = await Account.OpenAsync(_node);
        var login = _node.TextFromReplica("SELECT submission_login FROM postfix_mailbox WHERE address = $1", account.Address);
        var instance = Guid.NewGuid().ToString("N");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal("action=DUNNO\n\n", await AskAsync(Request("RCPT", $"instance={instance}", $"sasl_username={login}", "recipient=X@Outside.test")));
            Assert.Equal("action=DUNNO\n\n", await AskAsync(Request("END-OF-MESSAGE", $"instance={instance}", $"sasl_username={login}", "recipient=", "recipient_count=7", "size=12")));
        }

        await AskAsync(Request("END-OF-MESSAGE", $"instance={instance}.next", $"sasl_username={login}", "recipient_count=1"));
        var told = await Eventually.Async(() => _node.Broker.SubmissionsOf(account.State.AccountId), s => s.Count >= 2);
        Assert.Equal([instance, $"{instance}.next"], told.Select(s => s.Id));
        Assert.Equal((7, 12L, null, null), (told[0].Recipients, told[0].Size, told[0].Source, told[0].QueueId));
        Assert.Equal(["x@outside.test"], told[0].To);
        // The agent had not heard of its recipients.
        Assert.Equal((1, 0), (told[1].Recipients, told[1].To.Count));
    }

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData("\n", "action=DUNNO\n\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "action=DUNNO\n\n")]
    [InlineData("request=smtpd_access_policy\nprotocol_state=RCPT\nsasl_username=a@example.jp/1.1\n\n", "action=DUNNO\n\n")]
    [InlineData("request=smtpd_access_policy\nprotocol_state=END-OF-MESSAGE\ninstance=1\nsasl_username=no login\n\n", "action=DUNNO\n\n")]
    [InlineData("request=smtpd_access_policy\nprotocol_state=END-OF-MESSAGE\ninstance=1\nsasl_username=gone@example.jp/1.1\nrecipient_count=-5\nsize=x\n\n", "action=DUNNO\n\n")]
    [InlineData("=\n==\n\u00FF\u0000=\u0001\n\n", "action=DUNNO\n\n")]
    public async Task A_policy_request_without_sense_gets_no_objection(string request, string answer) => Assert.Equal(answer, await AskAsync(request));

    [Theory, Trait("Rule", "SEC-6")]
    [InlineData(100_000, 1)]
    [InlineData(10, 1000)]
    public async Task A_policy_request_without_end_ends_the_connection(int lineLength, int lines)
        => Assert.Equal("", await AskAsync(string.Concat(Enumerable.Repeat(new string('x', lineLength) + "\n", lines))));

    private static Task<string> SendAsync(SmtpClient smtp, Account account, params string[] to)
        => smtp.SendAsync(Clients.Message("to some", 100, account.Address), MailboxAddress.Parse(account.Address), to.Select(MailboxAddress.Parse));

    private static string Request(string state, params string[] values) => string.Join('\n', ["request=smtpd_access_policy", $"protocol_state={state}", .. values, "", ""]);

    // Empty when the agent closes the connection.
    private async Task<string> AskAsync(string request)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _node.Port("POLICY"));
        client.SendTimeout = client.ReceiveTimeout = 60_000;
        var answer = new byte[1000];
        try
        {
            await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(request));
            var length = await client.GetStream().ReadAsync(answer).AsTask().WaitAsync(TimeSpan.FromSeconds(60));
            return Encoding.Latin1.GetString(answer, 0, length);
        }
        catch (IOException)
        {
            return ""; // closed before all was sent
        }
    }
}
