using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;
using static Hikyaku.MailNode.Tests.Integration.RestrictedAccount;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What restrictions do on real Postfix and Dovecot.</summary>
[Collection(OneNode.Name)]
public sealed class Restricted_accounts(NodeFixture fixture)
{
    private const string Suspected = "compromise-suspected", Locked = "account-locked", Sending = "sending-locked";
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "RST-1"), Trait("Rule", "RST-2"), Trait("Rule", "RST-7")]
    [InlineData(Suspected)]
    [InlineData(Sending)]
    public async Task An_open_session_that_may_not_send_is_told_so_at_its_next_recipient(string kind)
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await SmtpAsync(account, "127.0.0.1");
        await smtp.SayAsync($"MAIL FROM:<{account.Address}>");
        Assert.Equal(SmtpStatusCode.Ok, (await smtp.SayAsync("RCPT TO:<one@outside.test>")).StatusCode);
        var block = Block(kind);
        await account.RestrictAsync([block]);
        var refused = await smtp.SayAsync("RCPT TO:<two@outside.test>");
        Assert.Equal(554, (int)refused.StatusCode);
        Assert.Contains($"5.7.1", refused.Response, StringComparison.Ordinal);
        Assert.Contains(block.Text, refused.Response, StringComparison.Ordinal);

        // Reading goes on, and so does incoming mail.
        await _node.DeliverAsync(account.Address, "still coming");
        Assert.Equal(["still coming"], await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1));
        await account.RestrictAsync([]);
        await account.SubmitAsync(account.Address, account.Address, "free again");
    }

    [Fact, Trait("Rule", "RST-1")]
    public async Task Of_several_the_topmost_is_told()
    {
        var account = await Account.OpenAsync(_node);
        var (sending, suspected) = (Block(Sending), Block(Suspected));
        await account.RestrictAsync([sending, suspected]);
        using var smtp = await SmtpAsync(account, "127.0.0.1");
        await smtp.SayAsync($"MAIL FROM:<{account.Address}>");
        Assert.Contains(suspected.Text, (await smtp.SayAsync("RCPT TO:<one@outside.test>")).Response, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "RST-3"), Trait("Rule", "RST-7"), Trait("Rule", "RST-2")]
    public async Task A_locked_account_has_its_sessions_ended_and_known_networks_log_in()
    {
        var account = await Account.OpenAsync(_node);
        using var open = await account.LoggedInAsync();
        var block = Block(Locked);
        await account.RestrictAsync([block], "127.0.1.0/24");
        await Eventually.Async(() => open.IsOverAsync());

        foreach (var refused in new[] { await ImapAsync(account, "127.0.0.1"), await Pop3Async(account, "127.0.0.1") }) Assert.Contains(block.Text, refused, StringComparison.Ordinal);
        Assert.Equal("", await ImapAsync(account, "127.0.1.9"));
        Assert.Equal("", await Pop3Async(account, "127.0.1.9"));
        using (var stranger = await SmtpAsync(account, "127.0.0.1"))
        {
            await stranger.SayAsync($"MAIL FROM:<{account.Address}>");
            var answer = await stranger.SayAsync("RCPT TO:<one@outside.test>");
            Assert.Equal(450, (int)answer.StatusCode);
            Assert.Contains(block.Text, answer.Response, StringComparison.Ordinal);
        }

        using var known = await SmtpAsync(account, "127.0.1.9");
        await known.SayAsync($"MAIL FROM:<{account.Address}>");
        Assert.Equal(SmtpStatusCode.Ok, (await known.SayAsync("RCPT TO:<one@outside.test>")).StatusCode);

        // Whoever does not know the password learns nothing.
        var wrong = await ImapAsync(account, "127.0.0.1", "Kozutsumi-71xz");
        Assert.DoesNotContain(block.Reference, wrong, StringComparison.Ordinal);
        Assert.Equal(await ImapAsync(await Account.OpenAsync(_node), "127.0.0.1", "Kozutsumi-71xz"), wrong);
    }

    [Fact, Trait("Rule", "RST-3")]
    public async Task A_lock_of_one_network_leaves_others_alone()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await account.RestrictAsync([Block(Locked, "127.0.2.0/24")]);
        Assert.NotEqual("", await ImapAsync(account, "127.0.2.7"));
        Assert.Equal("", await ImapAsync(account, "127.0.0.1"));
        Assert.Equal("", await ImapAsync(neighbour, "127.0.2.7"));
    }

    [Fact, Trait("Rule", "RST-3"), Trait("Rule", "RST-2")]
    public async Task A_lock_of_one_network_ends_the_sessions_from_there_only()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var first = await OpenAsync(account, "127.0.2.7");
        using var second = await OpenAsync(account, "127.0.5.7");
        using var home = await OpenAsync(account, "127.0.0.1");
        using var near = await OpenAsync(account, "127.0.20.7");
        using var other = await OpenAsync(neighbour, "127.0.2.7");
        await account.RestrictAsync([Block(Locked, "127.0.2.0/24"), Block(Locked, "127.0.5.0/24")]);
        await Eventually.Async(() => first.IsOverAsync());
        await Eventually.Async(() => second.IsOverAsync());
        await account.SessionsEndedAsync();
        foreach (var open in new[] { home, near, other }) await open.NoOpAsync(TestContext.Current.CancellationToken);

        // The whole account is locked: wherever a session is from it ends.
        await account.RestrictAsync([Block(Locked)]);
        foreach (var open in new[] { home, near }) await Eventually.Async(() => open.IsOverAsync());
        await account.SessionsEndedAsync();
        await other.NoOpAsync(TestContext.Current.CancellationToken);
    }

    [Fact, Trait("Rule", "RST-3")]
    public async Task From_a_stopped_network_only_accounts_that_know_it_log_in()
    {
        var (stranger, regular) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await _node.StopSourceAsync("127.0.3.0/24", isReleased: false, regular.State.AccountId);
        Assert.Contains("R-STOPPED0", await ImapAsync(stranger, "127.0.3.1"), StringComparison.Ordinal);
        Assert.Equal("", await ImapAsync(regular, "127.0.3.1"));
        Assert.Equal("", await ImapAsync(stranger, "127.0.4.1"));
        await _node.StopSourceAsync("127.0.3.0/24", isReleased: true);
        Assert.Equal("", await ImapAsync(stranger, "127.0.3.1"));
    }

    // The service lifts it in time; while it is away nothing holds for ever.
    [Fact, Trait("Rule", "RST-1"), Trait("Rule", "NOD-2")]
    public async Task What_is_over_for_long_is_not_obeyed_even_if_nobody_lifts_it()
    {
        var account = await Account.OpenAsync(_node);
        await account.RestrictAsync([Block(Locked, until: DateTimeOffset.UtcNow.AddMinutes(-9)), Block(Sending, until: DateTimeOffset.UtcNow.AddMinutes(-11))]);
        Assert.NotEqual("", await ImapAsync(account, "127.0.0.1"));
        await account.RestrictAsync([Block(Locked, until: DateTimeOffset.UtcNow.AddMinutes(-11)), Block(Sending, until: DateTimeOffset.UtcNow.AddMinutes(-11))]);
        Assert.Equal("", await ImapAsync(account, "127.0.0.1"));
        await account.SubmitAsync(account.Address, account.Address, "over");
    }

    [Theory, Trait("Rule", "RST-3")]
    [InlineData("2001:db8:1:2::/64", "2001:db8:1:2::7", true)]
    [InlineData("2001:db8:1:2::/64", "2001:db8:1:2:3:4:5:6", true)]
    [InlineData("2001:db8:1:2::/64", "2001:db8:1:3::7", false)]
    [InlineData("2001:db8::/64", "2001:db8::1", true)]
    [InlineData("2001:db8::/64", "2001:db8:0:0:1::", true)]
    [InlineData("2001:db8::/64", "2001:db8:0:1::1", false)]
    [InlineData("::/64", "::1", true)]
    [InlineData("1::/64", "1::2:3:4:5", true)]
    [InlineData("1:0:0:2::/64", "1::2:3:4:5:6", true)]
    [InlineData("192.0.2.0/24", "::ffff:192.0.2.200", true)]
    [InlineData("192.0.2.0/24", "192.0.20.2", false)]
    public async Task Networks_of_IPv6_are_known_however_an_address_is_written(string network, string address, bool isLocked)
    {
        var account = await Account.OpenAsync(_node);
        await account.RestrictAsync([Block(Locked, network)]);
        var output = await AuthTestAsync(address, account);
        Assert.Equal(isLocked, output.Contains("nologin", StringComparison.Ordinal));
        Assert.Contains(account.Address, output, StringComparison.Ordinal);
    }

    private async Task<string> AuthTestAsync(string address, Account account)
    {
        using var doveadm = Process.Start(new ProcessStartInfo(
            "doveadm", ["-c", $"{_node.Home}/mailnode/dovecot/dovecot.conf", "auth", "test", "-x", "service=imap", "-x", $"rip={address}", account.Address, account.Secret])
        { RedirectStandardOutput = true })!;
        var output = await doveadm.StandardOutput.ReadToEndAsync();
        await doveadm.WaitForExitAsync();
        return output;
    }

    private async Task<SpeakingClient> SmtpAsync(Account account, string from)
    {
        var client = new SpeakingClient { Timeout = 60_000, ServerCertificateValidationCallback = _node.IsItsCertificate }.From(from);
        await client.ConnectAsync("127.0.0.1", _node.Port("SUBMISSION"), SecureSocketOptions.StartTls);
        await client.AuthenticateAsync(account.Address, account.Secret);
        return client;
    }

    private async Task<ImapClient> OpenAsync(Account account, string from)
    {
        var client = new ImapClient { Timeout = 60_000, ServerCertificateValidationCallback = _node.IsItsCertificate }.From(from);
        await client.ConnectAsync("127.0.0.1", _node.Port("IMAP"), SecureSocketOptions.None);
        await client.AuthenticateAsync(account.Address, account.Secret);
        return client;
    }

    // Empty: logged in; else what the server says.
    private async Task<string> ImapAsync(Account account, string from, string? password = null)
    {
        using var client = new ImapClient { Timeout = 60_000, ServerCertificateValidationCallback = _node.IsItsCertificate }.From(from);
        await client.ConnectAsync("127.0.0.1", _node.Port("IMAP"), SecureSocketOptions.None);
        return await RefusalAsync(() => client.AuthenticateAsync(account.Address, password ?? account.Secret));
    }

    // By hand, as MailKit does not tell what a POP server says.
    private async Task<string> Pop3Async(Account account, string from)
    {
        using var client = new TcpClient(new IPEndPoint(IPAddress.Parse(from), 0));
        await client.ConnectAsync(IPAddress.Loopback, _node.Port("POP3"));
        using var reader = new StreamReader(client.GetStream());
        await reader.ReadLineAsync();
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"USER {account.Address}\r\nPASS {account.Secret}\r\n"));
        await reader.ReadLineAsync();
        var answer = await reader.ReadLineAsync() ?? "closed";
        return answer.StartsWith("+OK", StringComparison.Ordinal) ? "" : answer;
    }

    private static async Task<string> RefusalAsync(Func<Task> logIn)
    {
        try
        {
            await logIn();
            return "";
        }
        catch (AuthenticationException e)
        {
            return e.Message;
        }
    }
}
