using System.Diagnostics;
using Hikyaku.Platform.Testing;
using MailKit.Security;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode.Tests.Integration;

[Collection(OneNode.Name)]
public sealed class Logging_in(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory, Trait("Rule", "NOD-1"), Trait("Rule", "ACC-3")]
    [InlineData("IMAP", SecureSocketOptions.None)]
    [InlineData("IMAP", SecureSocketOptions.StartTls)]
    [InlineData("IMAPS", SecureSocketOptions.SslOnConnect)]
    [InlineData("POP3", SecureSocketOptions.None)]
    [InlineData("POP3", SecureSocketOptions.StartTls)]
    [InlineData("POP3S", SecureSocketOptions.SslOnConnect)]
    [InlineData("SUBMISSION", SecureSocketOptions.None)]
    [InlineData("SUBMISSION", SecureSocketOptions.StartTls)]
    [InlineData("SUBMISSIONS", SecureSocketOptions.SslOnConnect)]
    public async Task The_right_password_logs_in_and_another_does_not(string port, SecureSocketOptions tls)
    {
        var account = await Account.OpenAsync(_node);
        await Assert.ThrowsAsync<AuthenticationException>(() => LogInAsync(port, tls, account.Address, "Kozutsumi-71xz"));
        await LogInAsync(port, tls, account.Address, account.Secret);
    }

    [Fact, Trait("Rule", "ACC-15")]
    public async Task The_login_name_is_the_address_in_any_case_and_its_domain_may_be_in_u_labels()
    {
        var account = await Account.OpenAsync(_node, domain: "xn--r8jz45g.jp");
        var name = account.Address.Split('@')[0];
        foreach (var login in new[] { account.Address.ToUpperInvariant(), $"{name}@例え.jp", $"{name.ToUpperInvariant()}@例え.JP" })
            await LogInAsync("IMAPS", SecureSocketOptions.SslOnConnect, login, account.Secret);
    }

    [Theory, Trait("Rule", "ACC-15")]
    [InlineData("IMAP")]
    [InlineData("POP3")]
    [InlineData("SUBMISSION")]
    public async Task The_login_name_may_be_in_full_width_and_have_blanks_around_it(string port)
    {
        var account = await Account.OpenAsync(_node, domain: "xn--r8jz45g.jp");
        var name = account.Address.Split('@')[0];
        foreach (var login in new[] { $"{name}@例え。ｊｐ", $"{name}＠例え．JP", $"{name}@ｘｎ－－ｒ８ｊｚ４５ｇ｡ｊｐ", $" {account.Address}", $"{account.Address} ", $"\u3000{account.Address}\u00A0" })
            await LogInAsync(port, port == "IMAP" ? SecureSocketOptions.None : SecureSocketOptions.StartTls, login, account.Secret);

        foreach (var other in new[] { $"x{name}＠例え。ｊｐ", $"{name}＠例え。ｊｐ。ｊｐ", "＠例え。ｊｐ" })
            await Assert.ThrowsAsync<AuthenticationException>(() => LogInAsync(port, port == "IMAP" ? SecureSocketOptions.None : SecureSocketOptions.StartTls, other, account.Secret));
        // Whose login it was is known as well.
        await Eventually.Async(() => _node.AskReplica("SELECT coalesce(sum(succeeded), 0) FROM login_count WHERE account_id = $1", account.State.AccountId) == 6);
    }

    [Theory, Trait("Rule", "ACC-15")]
    [InlineData("USER {0} ")]
    [InlineData("USER  {0}")]
    [InlineData("USER {0}\t")]
    public async Task A_blank_behind_USER_of_POP3_is_no_part_of_the_name(string command)
    {
        var account = await Account.OpenAsync(_node);
        using var client = new System.Net.Sockets.TcpClient("127.0.0.1", _node.Port("POP3"));
        using var reader = new StreamReader(client.GetStream());
        using var writer = new StreamWriter(client.GetStream()) { AutoFlush = true, NewLine = "\r\n" };
        await reader.ReadLineAsync(TestContext.Current.CancellationToken);
        foreach (var say in new[] { command.Replace("{0}", account.Address, StringComparison.Ordinal), $"PASS {account.Secret}" })
        {
            await writer.WriteLineAsync(say);
            Assert.StartsWith("+OK", await reader.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "ACC-4")]
    public async Task Who_has_no_password_receives_mail_but_does_not_log_in()
    {
        var postmaster = await Account.OpenAsync(_node, password: null);
        foreach (var password in new[] { "", "x", "NULL" })
            await Assert.ThrowsAsync<AuthenticationException>(() => LogInAsync("IMAP", SecureSocketOptions.None, postmaster.Address, password));
        await _node.DeliverAsync(postmaster.Address, "to the postmaster");
        var withPassword = await postmaster.ChangePasswordAsync(Account.UsualPassword);
        await Eventually.Async(withPassword.InboxAsync, inbox => inbox.Contains("to the postmaster"));
    }

    [Fact, Trait("Rule", "NOD-1"), Trait("Rule", "ACC-7")]
    public async Task A_changed_password_ends_open_sessions_and_the_old_one_no_longer_logs_in()
    {
        var account = await Account.OpenAsync(_node);
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(MailKit.FolderAccess.ReadWrite);
        using var pop = await _node.Pop3Async();
        await pop.AuthenticateAsync(account.Address, account.Secret);

        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        await Eventually.Async(() => imap.IsOverAsync());
        await Eventually.Async(() => pop.IsOverAsync());
        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        await changed.SessionsEndedAsync();
        (await changed.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "NOD-1")]
    public async Task Only_plain_and_login_are_offered_and_no_apop()
    {
        using var imap = await _node.ImapAsync();
        using var pop = await _node.Pop3Async();
        using var smtp = await _node.SmtpAsync("SUBMISSION");
        foreach (var offered in new[] { imap.AuthenticationMechanisms, pop.AuthenticationMechanisms, smtp.AuthenticationMechanisms })
            Assert.Equal(["LOGIN", "PLAIN"], offered.Order());
        Assert.False(pop.Capabilities.HasFlag(MailKit.Net.Pop3.Pop3Capabilities.Apop));
        Assert.True(imap.Capabilities.HasFlag(MailKit.Net.Imap.ImapCapabilities.StartTLS));
        Assert.True(pop.Capabilities.HasFlag(MailKit.Net.Pop3.Pop3Capabilities.StartTLS));
        Assert.True(smtp.Capabilities.HasFlag(MailKit.Net.Smtp.SmtpCapabilities.StartTLS));
    }

    [Fact, Trait("Rule", "NOD-1")]
    public async Task Port_25_is_not_for_users()
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await _node.SmtpAsync("SMTP", SecureSocketOptions.StartTls);
        Assert.Empty(smtp.AuthenticationMechanisms);
        await Assert.ThrowsAsync<NotSupportedException>(() => smtp.AuthenticateAsync(account.Address, account.Secret));
    }

    [Theory, Trait("Rule", "NOD-1")]
    [InlineData("IMAPS", "")]
    [InlineData("POP3S", "")]
    [InlineData("SUBMISSIONS", "")]
    [InlineData("IMAP", "imap")]
    [InlineData("POP3", "pop3")]
    [InlineData("SUBMISSION", "smtp")]
    [InlineData("SMTP", "smtp")]
    public async Task Tls_1_2_is_spoken_and_1_1_is_not(string port, string startTls)
    {
        Assert.Contains("Protocol  : TLSv1.2", await HandshakeAsync(port, startTls, "-tls1_2"), StringComparison.Ordinal);
        Assert.Contains("Cipher is (NONE)", await HandshakeAsync(port, startTls, "-tls1_1"), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "NOD-1")]
    public async Task Logins_are_counted_with_and_without_tls()
    {
        var account = await Account.OpenAsync(_node);
        await LogInAsync("IMAP", SecureSocketOptions.None, account.Address, account.Secret);
        await LogInAsync("IMAP", SecureSocketOptions.StartTls, account.Address, account.Secret);
        await LogInAsync("SUBMISSION", SecureSocketOptions.None, account.Address, account.Secret);
        await LogInAsync("SUBMISSIONS", SecureSocketOptions.SslOnConnect, account.Address, account.Secret);
        await Assert.ThrowsAsync<AuthenticationException>(() => LogInAsync("POP3", SecureSocketOptions.None, account.Address, "wrong"));
        await Eventually.Async(() => Counts(account), counts => counts.SequenceEqual(
            // MailKit tries a refused password by several ways.
            ["imap 0 1 0", "imap 1 1 0", "pop3 0 0 3", "smtp 0 1 0", "smtp 1 1 0"]));
    }

    [Fact, Trait("Rule", "NOD-1")]
    public async Task By_a_setting_logins_without_tls_are_refused()
    {
        await using var strict = await MailNodeUnderTest.StartAsync(plaintext: "refuse");
        var account = await Account.OpenAsync(strict);
        using (var imap = await strict.ImapAsync()) await Assert.ThrowsAsync<AuthenticationException>(() => imap.AuthenticateAsync(account.Address, account.Secret));
        using (var pop = await strict.Pop3Async()) await Assert.ThrowsAsync<AuthenticationException>(() => pop.AuthenticateAsync(account.Address, account.Secret));
        using (var smtp = await strict.SmtpAsync("SUBMISSION")) Assert.Empty(smtp.AuthenticationMechanisms);
        // The password was right: nothing is told of it (RST-2).
        await Eventually.Async(() => strict.Broker.LoginsOf(account.Address).Count(l => l.Protocol is "imap" or "pop3"), count => count >= 2);
        Assert.All(strict.Broker.LoginsOf(account.Address), l => Assert.Equal((false, "other", null), (l.Success, l.Failure, l.Password)));
        using (var imap = await strict.ImapAsync("IMAP", SecureSocketOptions.StartTls)) await imap.AuthenticateAsync(account.Address, account.Secret);
        using (var pop = await strict.Pop3Async("POP3S", SecureSocketOptions.SslOnConnect)) await pop.AuthenticateAsync(account.Address, account.Secret);
        using (var smtp = await strict.SmtpAsync("SUBMISSION", SecureSocketOptions.StartTls)) await smtp.AuthenticateAsync(account.Address, account.Secret);
    }

    [Fact, Trait("Rule", "SEC-4")]
    public void Others_than_the_mail_servers_cannot_read_password_hashes()
    {
        foreach (var file in new[] { _node.Replica, _node.Replica + "-wal" })
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead, File.GetUnixFileMode(file));
        // Holds no hashes; readers take part in it.
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite, File.GetUnixFileMode(_node.Replica + "-shm"));
    }

    private async Task LogInAsync(string port, SecureSocketOptions tls, string login, string password)
    {
        using MailKit.MailService client = port switch
        {
            "IMAP" or "IMAPS" => await _node.ImapAsync(port, tls),
            "POP3" or "POP3S" => await _node.Pop3Async(port, tls),
            _ => await _node.SmtpAsync(port, tls),
        };
        await client.AuthenticateAsync(login, password);
        await client.DisconnectAsync(true);
    }

    private List<string> Counts(Account account)
    {
        using var replica = new SqliteConnection($"Data Source={_node.Replica};Mode=ReadOnly;Pooling=False");
        replica.Open();
        return replica.All("SELECT protocol || ' ' || tls || ' ' || succeeded || ' ' || failed FROM login_count WHERE account_id = $1 ORDER BY protocol, tls",
            r => r.GetString(0), account.State.AccountId);
    }

    // OpenSSL's own client, because .NET's may refuse to offer what is old.
    private async Task<string> HandshakeAsync(string port, string startTls, string version)
    {
        string[] arguments = ["s_client", "-connect", $"127.0.0.1:{_node.Port(port)}", version, "-cipher", "DEFAULT@SECLEVEL=0", .. startTls.Length == 0 ? Array.Empty<string>() : ["-starttls", startTls]];
        using var client = Process.Start(new ProcessStartInfo("openssl", arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true })!;
        client.StandardInput.Close();
        var output = client.StandardOutput.ReadToEndAsync();
        return await client.StandardError.ReadToEndAsync() + await output;
    }
}
