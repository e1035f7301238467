using System.Diagnostics;
using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Imap;
using static Hikyaku.MailNode.Tests.Integration.RestrictedAccount;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The copy worker gets into the mailbox of its grant, and nowhere else.</summary>
[Collection(OneNode.Name)]
public sealed class Copy_grants(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "CPY-9")]
    public async Task What_the_worker_appends_is_in_the_users_mailbox()
    {
        var account = await Account.OpenAsync(_node);
        using var worker = await account.CopyingAsync(await account.GrantCopyAsync());
        await worker.Inbox!.AppendAsync(new AppendRequest(Clients.Message("copied", 100)));
        Assert.Equal(["copied"], await account.InboxAsync());
    }

    [Fact, Trait("Rule", "CPY-9")]
    public async Task Without_a_grant_the_worker_is_refused_like_a_wrong_password()
    {
        var account = await Account.OpenAsync(_node);
        Assert.True(await account.IsCopyRefusedAsync("any secret"));
        Assert.True(await account.IsCopyRefusedAsync(account.Secret));
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task Secret_and_password_do_not_stand_for_each_other()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        Assert.True(await account.IsCopyRefusedAsync("wrong"));
        Assert.True(await account.IsCopyRefusedAsync(account.Secret));
        Assert.True(await _node.IsRefusedAsync(account.Address, secret));
        Assert.False(await account.IsCopyRefusedAsync(secret));
    }

    [Theory, Trait("Rule", "CPY-9")]
    [InlineData("{neighbour}")]
    [InlineData("{neighbour}*copy")]
    [InlineData("{neighbour}*{own}*copy")]
    [InlineData("{own}*{neighbour}*copy")]
    [InlineData("{own}*{neighbour}")]
    [InlineData("{own}*copy*copy")]
    [InlineData("{own}*copy*")]
    [InlineData("{own}?copy")]
    [InlineData("*copy")]
    [InlineData("%*copy")]
    public async Task A_secret_opens_no_other_mailbox_under_no_name(string name)
    {
        var (own, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        var secret = await own.GrantCopyAsync();
        await neighbour.GrantCopyAsync();
        var login = name.Replace("{own}", own.Address, StringComparison.Ordinal).Replace("{neighbour}", neighbour.Address, StringComparison.Ordinal);
        Assert.True(await _node.IsRefusedAsync(login, secret));
        Assert.False(await own.IsCopyRefusedAsync(secret));
    }

    // A proxy authorization (RFC 4616) names another mailbox than the login.
    [Fact, Trait("Rule", "CPY-9")]
    public async Task A_worker_cannot_act_as_somebody_else()
    {
        var (own, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        var secret = await own.GrantCopyAsync();
        foreach (var identity in new[] { neighbour.Address, neighbour.CopyLogin() })
        {
            var plain = SpokenLogins.Base64($"{identity}\0{own.CopyLogin()}\0{secret}");
            Assert.StartsWith("a NO", (await _node.SayAsync("IMAP", "127.0.0.1", $"a AUTHENTICATE PLAIN {plain}"))[0], StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task The_worker_speaks_IMAP_and_nothing_else()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        Assert.StartsWith("-ERR", await _node.Pop3LoginAsync(account.CopyLogin(), secret), StringComparison.Ordinal);
        Assert.StartsWith("535", await _node.SmtpLoginAsync(account.CopyLogin(), secret), StringComparison.Ordinal);
        Assert.StartsWith("5", await _node.HandOverAsync(account.CopyLogin(), 100), StringComparison.Ordinal);
        using var smtp = await _node.SmtpAsync();
        Assert.InRange((int)(await smtp.SayRecipientAsync("stranger@outside.test", account.CopyLogin())).StatusCode, 500, 599);
        Assert.False(await account.IsCopyRefusedAsync(secret));
    }

    [Theory, Trait("Rule", "CPY-7")]
    [InlineData("127.0.0.1", "secured", true)]
    [InlineData("127.9.9.9", "secured=tls", true)]
    [InlineData("::1", "secured=tls", true)]
    [InlineData("::ffff:127.0.0.1", "secured=tls", true)]
    [InlineData("192.0.2.1", "secured=tls", false)]
    [InlineData("2001:db8::1", "secured=tls", false)]
    [InlineData("127.0.0.1", "", false)] // would send the secret in clear
    public async Task The_worker_comes_from_the_operators_networks_and_by_TLS(string address, string secured, bool isLetIn)
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        string[] more = secured.Length == 0 ? [] : ["-x", secured];
        using var doveadm = Process.Start(new ProcessStartInfo(
            "doveadm", ["-c", $"{_node.Home}/mailnode/dovecot/dovecot.conf", "auth", "test", "-x", "service=imap", "-x", $"rip={address}", .. more, account.CopyLogin(), secret])
        { RedirectStandardOutput = true })!;
        var output = await doveadm.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.Contains(isLetIn ? "auth succeeded" : "auth failed", output, StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task When_its_time_is_over_a_grant_and_the_workers_sessions_end()
    {
        var account = await Account.OpenAsync(_node);
        using var user = await account.LoggedInAsync();
        var secret = await account.GrantCopyAsync(TimeSpan.FromSeconds(8));
        using var worker = await account.CopyingAsync(secret);
        await worker.NoOpAsync(TestContext.Current.CancellationToken);
        await Eventually.Async(() => account.IsCopyRefusedAsync(secret));
        await Eventually.Async(() => worker.IsOverAsync());
        Assert.False(await user.IsOverAsync());
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task A_grant_whose_time_was_over_when_it_was_told_lets_nobody_in()
    {
        var account = await Account.OpenAsync(_node);
        Assert.True(await account.IsCopyRefusedAsync(await account.GrantCopyAsync(TimeSpan.FromSeconds(-1))));
    }

    [Theory, Trait("Rule", "CPY-7")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_withdrawn_grant_ends_the_workers_sessions_and_no_others(bool deleted)
    {
        var (account, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var user = await account.LoggedInAsync();
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        using var workerOfOther = await other.CopyingAsync(await other.GrantCopyAsync());
        await account.WithdrawCopyAsync(deleted);
        // From the moment on at which the node says that it obeys.
        Assert.True(await account.IsCopyRefusedAsync(secret));
        await Eventually.Async(() => worker.IsOverAsync());
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM session_end WHERE service = 'datacopy'") == 0);
        Assert.False(await user.IsOverAsync());
        Assert.False(await workerOfOther.IsOverAsync());
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task A_new_secret_ends_the_former_one_and_its_sessions()
    {
        var account = await Account.OpenAsync(_node);
        var former = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(former);
        var secret = await account.GrantCopyAsync();
        Assert.True(await account.IsCopyRefusedAsync(former));
        await Eventually.Async(() => worker.IsOverAsync());
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM session_end WHERE service = 'datacopy' AND account_id = $1", account.State.AccountId) == 0);
        (await account.CopyingAsync(secret)).Dispose();
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task A_grant_that_is_prolonged_ends_no_session()
    {
        var account = await Account.OpenAsync(_node);
        var (secret, start) = ("prolonged", DateTimeOffset.UtcNow);
        var hash = CopyWorker.HashOf(secret);
        await account.TellGrantAsync(hash, start.AddSeconds(8));
        using var worker = await account.CopyingAsync(secret);
        await account.TellGrantAsync(hash, start.AddHours(1));
        await Eventually.Async(() => DateTimeOffset.UtcNow > start.AddSeconds(10));
        Assert.False(await worker.IsOverAsync());
        Assert.False(await account.IsCopyRefusedAsync(secret));
    }

    [Fact, Trait("Rule", "CPY-9"), Trait("Rule", "ACC-5")]
    public async Task The_deletion_of_the_account_ends_the_workers_sessions_whatever_the_grant_says()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        await account.DeleteAsync();
        Assert.True(await account.IsCopyRefusedAsync(secret));
        await Eventually.Async(() => worker.IsOverAsync());
    }

    [Fact, Trait("Rule", "CPY-9"), Trait("Rule", "ACC-5")]
    public async Task The_grant_of_a_former_life_does_not_open_the_mailbox_of_the_next()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        await account.DeleteAsync();
        await Eventually.Async(account.IsErased, TimeSpan.FromSeconds(40));
        var next = await account.NextLifeAsync();
        Assert.True(await next.IsCopyRefusedAsync(secret));
        var another = await next.GrantCopyAsync();
        Assert.False(await next.IsCopyRefusedAsync(another));
        Assert.True(await next.IsCopyRefusedAsync(secret));
    }

    [Fact, Trait("Rule", "CPY-9")]
    public async Task An_account_without_a_password_is_no_destination()
    {
        var account = await Account.OpenAsync(_node, password: null);
        Assert.True(await account.IsCopyRefusedAsync(await account.GrantCopyAsync()));
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "RST-1")]
    public async Task A_lock_of_the_account_or_of_a_network_does_not_concern_the_worker()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        using var user = await account.LoggedInAsync();
        await account.RestrictAsync([Block("account-locked")]);
        await _node.StopSourceAsync("127.0.6.0/24");
        await Eventually.Async(() => user.IsOverAsync());
        await account.SessionsEndedAsync();
        Assert.False(await worker.IsOverAsync());
        Assert.StartsWith("a NO", await _node.ImapLoginAsync(account.Address, account.Secret), StringComparison.Ordinal);
        Assert.False(await account.IsCopyRefusedAsync(secret));
        Assert.False(await account.IsCopyRefusedAsync(secret, "127.0.6.1"));
        await _node.StopSourceAsync("127.0.6.0/24", isReleased: true);
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "ACC-7")]
    public async Task A_changed_password_lets_the_worker_come_back()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        using var worker = await account.CopyingAsync(secret);
        await account.ChangePasswordAsync("Hanafubuki-93ab");
        await Eventually.Async(() => worker.IsOverAsync());
        Assert.False(await account.IsCopyRefusedAsync(secret));
    }

    [Fact, Trait("Rule", "CPY-9"), Trait("Rule", "RST-2"), Trait("Rule", "RST-3")]
    public async Task The_workers_logins_are_told_to_nobody_and_are_not_counted()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        Assert.False(await account.IsCopyRefusedAsync(secret));
        foreach (var wrong in new[] { "a", "b", "c", "d" }) Assert.True(await account.IsCopyRefusedAsync(wrong));
        Assert.True(await _node.IsRefusedAsync(account.CopyLogin().ToUpperInvariant(), "e"));
        Assert.True(await _node.IsRefusedAsync(account.Address, "the user's own"));

        // Dovecot tells them in this order.
        await Eventually.Async(() => _node.Broker.LoginsOf(account.Address).Any());
        await Eventually.Async(() => _node.AskReplica("SELECT count(*) FROM login_count WHERE account_id = $1", account.State.AccountId) > 0);
        Assert.Single(_node.Broker.LoginsOf(account.Address));
        Assert.Empty(_node.Broker.LoginsOf(account.CopyLogin()));
        Assert.Equal(1, _node.AskReplica("SELECT sum(succeeded + failed) FROM login_count WHERE account_id = $1", account.State.AccountId));
        (await account.LoggedInAsync()).Dispose();
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "SEC-4")]
    public async Task A_secret_stands_in_no_log_and_not_in_the_replica()
    {
        var account = await Account.OpenAsync(_node);
        var secret = await account.GrantCopyAsync();
        Assert.True(await account.IsCopyRefusedAsync(secret + "-wrong"));
        Assert.False(await account.IsCopyRefusedAsync(secret));
        Assert.Contains(account.CopyLogin(), _node.ServerLogs, StringComparison.Ordinal);
        Assert.DoesNotContain(secret, _node.ServerLogs, StringComparison.Ordinal);
        Assert.Equal(0, _node.AskReplica("SELECT instr(secret_hash, $1) FROM copy_grant WHERE account_id = $2", secret, account.State.AccountId));
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "RST-8")]
    public async Task Copied_mail_counts_in_the_capacity_and_is_refused_beyond_it()
    {
        var account = await Account.OpenAsync(_node, capacityMb: 1);
        var secret = await account.GrantCopyAsync();
        using (var worker = await account.CopyingAsync(secret))
        {
            await worker.Inbox!.AppendAsync(new AppendRequest(Clients.Message("fits", 700_000)));
            var full = await Assert.ThrowsAsync<ImapCommandException>(() => worker.Inbox!.AppendAsync(new AppendRequest(Clients.Message("too much", 700_000))));
            Assert.Contains("full", full.Message, StringComparison.Ordinal);
        }

        await Eventually.Async(() => _node.Broker.Used.GetValueOrDefault(account.State.AccountId) > 700_000, TimeSpan.FromSeconds(40));
        await account.ChangeCapacityAsync(2);
        await account.SessionsEndedAsync();
        using var again = await account.CopyingAsync(secret);
        await again.Inbox!.AppendAsync(new AppendRequest(Clients.Message("fits now", 700_000)));
        Assert.Equal(["fits", "fits now"], await account.InboxAsync());
    }

    [Fact, Trait("Rule", "CPY-7"), Trait("Rule", "CPY-4")]
    public async Task Many_messages_go_in_one_command_and_are_all_there_or_none()
    {
        var account = await Account.OpenAsync(_node, capacityMb: 1);
        using var worker = await account.CopyingAsync(await account.GrantCopyAsync());
        Assert.True(worker.Capabilities.HasFlag(ImapCapabilities.MultiAppend | ImapCapabilities.LiteralPlus | ImapCapabilities.UidPlus));
        AppendRequest Of(string subject, int bytes) => new(Clients.Message(subject, bytes), MessageFlags.Seen | MessageFlags.Flagged, new DateTimeOffset(2019, 3, 4, 5, 6, 7, TimeSpan.FromHours(9)));
        var uids = await worker.Inbox!.AppendAsync([Of("one", 100), Of("two", 100), Of("three", 100)]);
        Assert.Equal(3, uids.Count);
        await Assert.ThrowsAsync<ImapCommandException>(() => worker.Inbox!.AppendAsync([Of("four", 100), Of("five", 2_000_000)]));
        Assert.Equal(["one", "two", "three"], await account.InboxAsync());
    }

    [Fact, Trait("Rule", "CPY-7")]
    public async Task The_worker_makes_and_subscribes_folders_for_the_user()
    {
        var account = await Account.OpenAsync(_node);
        using (var worker = await account.CopyingAsync(await account.GrantCopyAsync()))
        {
            var folder = await worker.GetFolder(worker.PersonalNamespaces[0]).CreateAsync("旅行", isMessageFolder: true);
            await folder!.SubscribeAsync();
            await folder.AppendAsync(new AppendRequest(Clients.Message("kept", 100)));
        }

        using var user = await account.LoggedInAsync();
        var seen = Assert.Single(await user.GetFoldersAsync(user.PersonalNamespaces[0], StatusItems.Count, subscribedOnly: true), f => f.Name == "旅行");
        Assert.Equal(1, seen.Count);
    }
}
