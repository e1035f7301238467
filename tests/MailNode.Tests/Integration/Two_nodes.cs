using System.Net;
using System.Net.Sockets;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using MailKit.Net.Imap;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Two nodes that know each other: whichever people and other servers turn to, the mail is at its home.</summary>
public sealed class Two_nodes(TwoNodes fixture) : IClassFixture<TwoNodes>
{
    private readonly MailNodeUnderTest _first = fixture.First, _second = fixture.Second;

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "ACC-3")]
    public async Task Mail_sent_to_one_node_is_kept_by_the_other_and_read_through_either()
    {
        var account = await OpenAtSecondAsync();
        await _first.DeliverAsync(account.Address, "across");
        await Eventually.Async((account with { Node = _second }).InboxAsync, inbox => inbox.SequenceEqual(["across"]));
        Assert.Equal(["across"], await account.InboxAsync());
        foreach (var (port, tls) in new[] { ("POP3", SecureSocketOptions.None), ("POP3", SecureSocketOptions.StartTls), ("POP3S", SecureSocketOptions.SslOnConnect) })
        {
            using var pop = await _first.Pop3Async(port, tls);
            await pop.AuthenticateAsync(account.Address, account.Secret);
            Assert.Equal(1, pop.Count);
        }

        Assert.False(Directory.Exists(Folder(_first, account)));
        Assert.True(Directory.Exists(Folder(_second, account)));
        // Told by the node that keeps it, and by no other.
        await Eventually.Async(() => _first.Broker.Used.GetValueOrDefault(account.State.AccountId) > 0);
        Assert.Equal(0, _first.AskReplica("SELECT count(*) FROM usage WHERE account_id = $1", account.State.AccountId));
    }

    [Fact, Trait("Rule", "NOD-6"), Trait("Rule", "ACC-3")]
    public async Task One_submits_at_either_node()
    {
        var (here, there) = (await Account.OpenAsync(_first, home: _first.Name), await OpenAtSecondAsync());
        await there.SubmitAsync(there.Address, here.Address, "from there to here");
        await Eventually.Async(here.InboxAsync, inbox => inbox.SequenceEqual(["from there to here"]));
        await (here with { Node = _second }).SubmitAsync(here.Address, there.Address, "by the other node");
        await Eventually.Async(there.InboxAsync, inbox => inbox.SequenceEqual(["by the other node"]));
        await Assert.ThrowsAsync<SmtpCommandException>(() => there.SubmitAsync(here.Address, there.Address, "in another's name"));
    }

    [Fact, Trait("Rule", "RST-8"), Trait("Rule", "ACC-13")]
    public async Task A_full_mailbox_of_the_other_node_is_refused_at_once_and_has_space_again_at_once()
    {
        var account = await OpenAtSecondAsync(capacityMb: 1);
        await _first.DeliverAsync(account.Address, "large", bytes: 900_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        using (var smtp = await _first.SmtpAsync())
        {
            await smtp.SayAsync("MAIL FROM:<stranger@outside.test> SIZE=300000");
            var refused = await smtp.SayAsync($"RCPT TO:<{account.Address}>");
            Assert.Equal((552, true), ((int)refused.StatusCode, refused.Response.StartsWith("5.2.2", StringComparison.Ordinal)));
        }

        await account.ChangeCapacityAsync(2);
        await _first.DeliverAsync(account.Address, "second", bytes: 300_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 2);
    }

    [Fact, Trait("Rule", "ACC-7")]
    public async Task A_changed_password_ends_a_proxied_session_and_the_old_one_logs_in_nowhere()
    {
        var account = await OpenAtSecondAsync();
        using var imap = await account.LoggedInAsync();
        using var pop = await _first.Pop3Async();
        await pop.AuthenticateAsync(account.Address, account.Secret);
        var changed = await account.ChangePasswordAsync("Hanafubuki-93ab");
        await Eventually.Async(() => imap.IsOverAsync());
        await Eventually.Async(() => pop.IsOverAsync());
        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        await Assert.ThrowsAsync<AuthenticationException>((account with { Node = _second }).LoggedInAsync);
        (await changed.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "ACC-7")]
    public async Task A_password_that_is_known_is_handed_on_as_typed_and_each_node_knows_it_by_itself()
    {
        var account = await OpenAtSecondAsync();
        (await account.LoggedInAsync()).Dispose();
        await Eventually.Async(() => Known(_first, account) + Known(_second, account) == 2);
        // What logs in from now on was known by both.
        foreach (var node in new[] { _first, _second }) SpoilHash(node, account);
        (await account.LoggedInAsync()).Dispose();
        using (var pop = await _first.Pop3Async()) await pop.AuthenticateAsync(account.Address, account.Secret);
        await Assert.ThrowsAsync<AuthenticationException>((account with { Password = "Hanafubuki-93ab" }).LoggedInAsync);

        await account.ChangePasswordAsync("Hanafubuki-93ab");
        await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        Assert.Equal(0, Known(_first, account) + Known(_second, account));
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task While_a_node_is_down_its_mail_waits_and_its_logins_fail_for_now()
    {
        var account = await OpenAtSecondAsync();
        await _second.StopDovecotAsync();
        try
        {
            await _first.DeliverAsync(account.Address, "waits");
            await Eventually.Async(_first.QueueAsync, queue => queue.Any(m => m.Queue == "deferred" && m.Recipients.Contains(account.Address)));
            using var imap = await _first.ImapAsync();
            var refused = await Assert.ThrowsAnyAsync<Exception>(() => imap.AuthenticateAsync(account.Address, account.Secret));
            Assert.DoesNotContain("Authentication failed", refused.Message, StringComparison.OrdinalIgnoreCase); // their mail program would ask for the password
        }
        finally
        {
            await _second.StartDovecotAsync();
        }

        await _first.FlushQueueAsync();
        await Eventually.Async(account.InboxAsync, inbox => inbox.SequenceEqual(["waits"]));
        await Eventually.Async(_first.QueueAsync, queue => !queue.Any(m => m.Recipients.Contains(account.Address)));
        Assert.Equal(["waits"], await account.InboxAsync());
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task A_mailbox_on_a_node_that_is_not_known_is_for_later_and_is_never_made_here()
    {
        var account = await Account.OpenAsync(_first, home: "mail9");
        await _first.DeliverAsync(account.Address, "for later");
        await Eventually.Async(_first.QueueAsync, queue => queue.Any(m => m.Queue == "deferred" && m.Recipients.Contains(account.Address)));
        using (var imap = await _first.ImapAsync())
        {
            var refused = await Assert.ThrowsAsync<AuthenticationException>(() => imap.AuthenticateAsync(account.Address, account.Secret));
            Assert.Contains("Temporary", refused.Message, StringComparison.OrdinalIgnoreCase);
        }

        Assert.False(Directory.Exists(Folder(_first, account)));

        // Others log in meanwhile; and when the home is known, the mail is handed on.
        var other = await OpenAtSecondAsync();
        (await other.LoggedInAsync()).Dispose();
        using var home = new OutsideMailServer();
        await Account.PublishAsync(_first, at => _second.State(at) with { Node = "mail9", LmtpPort = home.Start() });
        // Postfix remembers for half a minute where the last address was resolved to.
        await _first.DeliverAsync(other.Address, "another");
        await Eventually.Async(other.InboxAsync, inbox => inbox.Count == 1);
        await _first.FlushQueueAsync();
        await Eventually.Async(() => home.Recipients.Contains(account.Address));
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task Mail_astray_to_a_node_that_is_not_the_home_is_put_off_and_not_stored()
    {
        var account = await OpenAtSecondAsync();
        Assert.StartsWith("4", await _first.HandOverAsync(account.Address, 100), StringComparison.Ordinal);
        Assert.False(Directory.Exists(Folder(_first, account)));
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_deleted_account_is_erased_at_its_home_and_both_nodes_report_it()
    {
        var account = await OpenAtSecondAsync();
        await _first.DeliverAsync(account.Address, "across");
        await Eventually.Async((account with { Node = _second }).InboxAsync, inbox => inbox.Count == 1);
        await account.DeleteAsync();
        await Eventually.Async(
            () => _first.Broker.Facts.Values.OfType<MailboxErased>().Where(e => e.AccountId == account.State.AccountId).Select(e => e.Node).Order().SequenceEqual(["mail1", "mail2"]),
            TimeSpan.FromSeconds(40));
        Assert.False(Directory.Exists(Folder(_second, account)));
    }

    [Fact, Trait("Rule", "ACC-6"), Trait("Rule", "ACC-14")]
    public async Task The_mail_of_a_mailbox_is_deleted_and_tidied_by_its_home_alone()
    {
        var account = await OpenAtSecondAsync();
        await _first.DeliverAsync(account.Address, "across");
        await Eventually.Async((account with { Node = _second }).InboxAsync, inbox => inbox.Count == 1);
        await account.DeleteMailAsync("job-of-two");
        await Eventually.Async(() => (account with { Node = _second }).IsMailDeleted("job-of-two"), TimeSpan.FromSeconds(40));
        Assert.Empty(await account.InboxAsync());
        Assert.False(account.IsMailDeleted("job-of-two"));
        Assert.Equal(0, _first.AskReplica("SELECT count(*) FROM tidied WHERE account_id = $1", account.State.AccountId));
        Assert.Equal(1, _second.AskReplica("SELECT count(*) FROM tidied WHERE account_id = $1", account.State.AccountId));
    }

    [Fact, Trait("Rule", "NOD-1")]
    public async Task The_home_sees_the_clients_own_address_and_the_login_is_counted_once()
    {
        var account = await OpenAtSecondAsync();
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Parse("127.0.0.77"), 0));
        await socket.ConnectAsync(IPAddress.Loopback, _first.Port("IMAP"));
        using (var imap = new ImapClient())
        {
            await imap.ConnectAsync(socket, "127.0.0.1", _first.Port("IMAP"), SecureSocketOptions.None);
            await imap.AuthenticateAsync(account.Address, account.Secret);
            await Eventually.Async(async () => (await _second.DovecotOutputAsync()).Contains($"user=<{account.Address}>, method=PLAIN, rip=127.0.0.77", StringComparison.Ordinal));
        }

        await Eventually.Async(() => Logins(_first, account) == 1);
        Assert.Equal(0, Logins(_second, account));
    }

    [Fact, Trait("Rule", "NOD-3"), Trait("Rule", "NOD-5")]
    public async Task A_node_that_was_away_until_its_queue_had_expired_lists_before_it_claims_to_obey()
    {
        var (gone, changed) = (await OpenAtSecondAsync(), await OpenAtSecondAsync());
        await _second.StopAgentAsync();
        await _first.Broker.DeleteQueueAsync("node-mail2");
        var before = _first.Accounts.Applied;
        _first.Accounts.Forget(gone.State);
        changed = await changed.ChangeAsync(s => s with { CapacityMb = 55 }, changed.Password, wait: false);
        await Eventually.Async(() => Applied("mail1") == changed.State.Position);
        Assert.Equal(before, Applied("mail2")); // two nodes at different positions; what counts is the lower one

        _first.Accounts.BreaksOff = true;
        _first.Accounts.Leases.TryRemove("mail2", out _);
        await _second.StartAgentAsync();
        await Eventually.Async(() => _first.Accounts.Leases.ContainsKey("mail2"));
        Assert.Equal(before, Applied("mail2"));
        _first.Accounts.BreaksOff = false;
        await Eventually.Async(() => Applied("mail2") == changed.State.Position);
        Assert.Equal(55, _second.AskReplica("SELECT capacity_mb FROM mailbox WHERE account_id = $1", changed.State.AccountId));
        Assert.Equal(0, _second.AskReplica("SELECT count(*) FROM holder WHERE account_id = $1", gone.State.AccountId));
    }

    private Task<Account> OpenAtSecondAsync(int capacityMb = 10) => Account.OpenAsync(_first, capacityMb: capacityMb, home: _second.Name);

    private long Applied(string node) => _first.Accounts.Leases[node].GetProperty("applied").GetProperty("accounts").GetInt64();

    private static long Logins(MailNodeUnderTest node, Account account)
        => node.AskReplica("SELECT sum(succeeded + failed) FROM login_count WHERE account_id = $1", account.State.AccountId);

    private static long Known(MailNodeUnderTest node, Account account)
        => node.AskReplica("SELECT count(*) FROM verified_password WHERE account_id = $1", account.State.AccountId);

    // Its salt, by which it is known, stays.
    private static void SpoilHash(MailNodeUnderTest node, Account account)
        => Assert.Equal(1, node.ChangeReplica(
            "UPDATE mailbox SET password_hash = substr(password_hash, 1, length(password_hash) - 43) || $2 WHERE account_id = $1", account.State.AccountId, new string('A', 43)));

    private static string Folder(MailNodeUnderTest node, Account account)
        => Path.Combine(node.Home, "mailnode", "vmail", account.State.AccountId[^2..], account.State.AccountId);
}

/// <summary>A node that does not come back (N-16).</summary>
public sealed class A_retired_node
{
    [Fact, Trait("Rule", "NOD-5")]
    public async Task It_takes_no_mail_and_no_logins_and_says_why()
    {
        await using var node = await MailNodeUnderTest.StartAsync();
        await Account.PublishAsync(node, at => node.State(at));
        var account = await Account.OpenAsync(node);
        (await account.LoggedInAsync()).Dispose();
        var copy = await account.GrantCopyAsync();

        await Account.PublishAsync(node, at => node.State(at, version: 2, retired: true));
        using (var smtp = await node.SmtpAsync())
        {
            await smtp.SayAsync("MAIL FROM:<stranger@outside.test>");
            Assert.Equal(450, (int)(await smtp.SayAsync($"RCPT TO:<{account.Address}>")).StatusCode);
        }

        var refused = await Assert.ThrowsAsync<AuthenticationException>(account.LoggedInAsync);
        Assert.Contains("Temporary", refused.Message, StringComparison.OrdinalIgnoreCase);
        refused = await Assert.ThrowsAsync<AuthenticationException>(() => account.CopyingAsync(copy));
        Assert.Contains("Temporary", refused.Message, StringComparison.OrdinalIgnoreCase);

        node.Accounts.Retired["mail1"] = true;
        await Eventually.Async(async () => await node.ReadinessAsync() == HttpStatusCode.ServiceUnavailable);
    }
}
