using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Hikyaku.MailNode.Tests.Integration;

[Collection(OneNode.Name)]
public sealed class Sending_and_receiving(NodeFixture fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "ACC-3")]
    public async Task A_message_from_another_server_reaches_the_inbox_whatever_the_case_of_the_address()
    {
        var account = await Account.OpenAsync(_node);
        await _node.DeliverAsync(account.Address.ToUpperInvariant(), "from outside");
        await Eventually.Async(account.InboxAsync, inbox => inbox.Contains("from outside"));
    }

    [Fact, Trait("Rule", "NOD-2")]
    public async Task A_submitted_message_reaches_a_neighbour_here_and_the_mail_servers_elsewhere()
    {
        var (sender, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await sender.SubmitAsync(sender.Address, neighbour.Address, "to a neighbour");
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.Contains("to a neighbour"));
        var elsewhere = $"{Guid.NewGuid():N}@outside.test";
        await sender.SubmitAsync(sender.Address, elsewhere, "to far away");
        await Eventually.Async(() => _node.Outside.Recipients.Contains(elsewhere));
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task An_unknown_recipient_is_refused_at_once_from_outside_and_from_inside()
    {
        var account = await Account.OpenAsync(_node);
        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => _node.DeliverAsync("nobody-here@example.jp", "x"));
        Assert.Equal((550, SmtpErrorCode.RecipientNotAccepted), ((int)refused.StatusCode, refused.ErrorCode));
        refused = await Assert.ThrowsAsync<SmtpCommandException>(() => account.SubmitAsync(account.Address, "nobody-here@example.jp", "x"));
        Assert.Equal(550, (int)refused.StatusCode);
    }

    [Theory, Trait("Rule", "SEC-2")]
    [InlineData("somebody@elsewhere.test")]
    [InlineData("somebody%elsewhere.test@example.jp")]
    [InlineData("@example.jp:somebody@elsewhere.test")]
    public async Task Strangers_relay_nothing_through_port_25(string recipient)
    {
        await Account.ServeAsync(_node, "example.jp");
        using var smtp = await _node.SmtpAsync();
        Assert.InRange((int)(await smtp.SayAsync("MAIL FROM:<stranger@outside.test>")).StatusCode, 250, 250);
        Assert.InRange((int)(await smtp.SayAsync($"RCPT TO:<{recipient}>")).StatusCode, 500, 599);
    }

    [Theory, Trait("Rule", "NOD-1")]
    [InlineData("SUBMISSION", SecureSocketOptions.StartTls)]
    [InlineData("SUBMISSIONS", SecureSocketOptions.SslOnConnect)]
    public async Task Without_a_login_submission_takes_nothing(string port, SecureSocketOptions tls)
    {
        var account = await Account.OpenAsync(_node);
        using var smtp = await _node.SmtpAsync(port, tls);
        await smtp.SayAsync($"MAIL FROM:<{account.Address}>");
        Assert.InRange((int)(await smtp.SayAsync($"RCPT TO:<{account.Address}>")).StatusCode, 500, 599);
    }

    [Fact, Trait("Rule", "NOD-6")]
    public async Task Nobody_sends_as_somebody_else_not_even_of_the_same_domain()
    {
        var (sender, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        foreach (var from in new[] { neighbour.Address, neighbour.Address.ToUpperInvariant(), "nobody-here@example.jp", "famous@outside.test" })
        {
            var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => sender.SubmitAsync(from, neighbour.Address, "forged"));
            Assert.Equal(553, (int)refused.StatusCode);
        }

        await sender.SubmitAsync(sender.Address.ToUpperInvariant(), neighbour.Address, "in capitals");
        await Eventually.Async(neighbour.InboxAsync, inbox => inbox.SequenceEqual(["in capitals"]));
    }

    [Fact, Trait("Rule", "NOD-5")]
    public async Task A_position_is_reported_only_when_every_state_up_to_it_is_obeyed()
    {
        await Account.ServeAsync(_node, "many.jp");
        MailboxState State(int n) => new($"{_node.Accounts.Next():x32}", $"m{n}@many.jp", "many.jp", 1, null, 10, 1, _node.Accounts.Position, false);
        var states = Enumerable.Range(0, 2000).Select(State).ToList();
        foreach (var state in states) _node.Accounts.Keep(state); // a list may come in between
        var position = _node.Accounts.Position;
        await Parallel.ForEachAsync(states, async (state, _) => await _node.Broker.PublishAsync(state));
        await _node.Broker.PublishAsync(new NodeStateBookmark("accounts", position));
        await Eventually.Async(() => _node.Accounts.Applied >= position, TimeSpan.FromSeconds(60));
        Assert.Equal(2000, _node.AskReplica("SELECT count(*) FROM postfix_mailbox WHERE address LIKE 'm%@many.jp'"));
    }

    [Theory, Trait("Rule", "NOD-4")]
    [InlineData("SMTP", SecureSocketOptions.None)]
    [InlineData("SUBMISSION", SecureSocketOptions.StartTls)]
    [InlineData("SUBMISSIONS", SecureSocketOptions.SslOnConnect)]
    public async Task A_message_may_have_100_MB(string port, SecureSocketOptions tls)
    {
        var account = await Account.OpenAsync(_node, capacityMb: 500);
        using var smtp = await _node.SmtpAsync(port, tls);
        Assert.Equal(104_857_600u, smtp.MaxSize);
        if (port != "SMTP") await smtp.AuthenticateAsync(account.Address, account.Secret);
        Assert.Equal(552, (int)(await smtp.SayAsync($"MAIL FROM:<{account.Address}> SIZE=104857601")).StatusCode);
        Assert.Equal(250, (int)(await smtp.SayAsync($"MAIL FROM:<{account.Address}> SIZE=104857600")).StatusCode);
        Assert.Equal(250, (int)(await smtp.SayAsync($"RCPT TO:<{account.Address}>")).StatusCode);
    }

    [Fact, Trait("Rule", "RST-8"), Trait("Rule", "ACC-13")]
    public async Task A_full_mailbox_is_refused_at_the_recipient_and_takes_mail_at_once_after_a_raise()
    {
        var (full, sender) = (await Account.OpenAsync(_node, capacityMb: 1), await Account.OpenAsync(_node));
        await _node.DeliverAsync(full.Address, "the last that fits", 900_000);
        await Eventually.Async(full.InboxAsync, inbox => inbox.Count == 1);

        var refused = await Assert.ThrowsAsync<SmtpCommandException>(() => _node.DeliverAsync(full.Address, "too much", 300_000));
        Assert.Equal(SmtpErrorCode.RecipientNotAccepted, refused.ErrorCode);
        Assert.Equal((552, true), ((int)refused.StatusCode, refused.Message.StartsWith("5.2.2", StringComparison.Ordinal)));
        refused = await Assert.ThrowsAsync<SmtpCommandException>(() => sender.SubmitAsync(sender.Address, full.Address, "too much", 300_000));
        Assert.Equal((552, true), ((int)refused.StatusCode, refused.Message.StartsWith("5.2.2", StringComparison.Ordinal)));

        await full.ChangeCapacityAsync(2);
        await _node.DeliverAsync(full.Address, "fits again", 300_000);
        await Eventually.Async(full.InboxAsync, inbox => inbox.Contains("fits again"));
    }

    [Fact, Trait("Rule", "NOD-2"), Trait("Rule", "ACC-6")]
    public async Task Many_messages_for_a_new_mailbox_in_use_are_delivered_at_the_first_attempt()
    {
        const int senders = 40, messagesEach = 10;
        var account = await Account.OpenAsync(_node, capacityMb: 100);
        var sending = Task.WhenAll(Enumerable.Range(0, senders).Select(SendAsync));
        await TurnOverAsync(() => !sending.IsCompleted);
        await sending;
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == senders * messagesEach, TimeSpan.FromSeconds(30));
        _node.AssertNothingWasDeferred(account.Address);

        async Task SendAsync(int sender)
        {
            using var smtp = await _node.SmtpAsync();
            for (var i = 0; i < messagesEach; i++)
                await smtp.SendAsync(Clients.Message($"{sender} {i}", 100), MailboxAddress.Parse("stranger@outside.test"), [MailboxAddress.Parse(account.Address)]);
        }

        // Each of these makes lock files and takes them away, as deleting mail does.
        async Task TurnOverAsync(Func<bool> goesOn)
        {
            using var imap = await account.LoggedInAsync();
            var trash = imap.GetFolder("Trash");
            while (goesOn())
            {
                await trash.AppendAsync(Clients.Message("thrown away", 100));
                await trash.OpenAsync(FolderAccess.ReadWrite);
                await trash.AddFlagsAsync(0, MessageFlags.Deleted, true);
                await trash.CloseAsync(expunge: true);
            }
        }
    }

    [Fact, Trait("Rule", "RST-8")]
    public async Task What_is_full_only_at_delivery_is_refused_there_for_good()
    {
        var full = await Account.OpenAsync(_node, capacityMb: 1);
        Assert.StartsWith("552 5.2.2", await _node.HandOverAsync(full.Address, 1_200_000), StringComparison.Ordinal);
        Assert.StartsWith("250", await _node.HandOverAsync(full.Address, 900_000), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task Space_is_free_again_after_mail_was_deleted()
    {
        var account = await Account.OpenAsync(_node, capacityMb: 1);
        await _node.DeliverAsync(account.Address, "big", 900_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.Count == 1);
        using (var imap = await account.LoggedInAsync())
        {
            await imap.Inbox!.OpenAsync(FolderAccess.ReadWrite);
            await imap.Inbox.AddFlagsAsync(0, MessageFlags.Deleted, true);
            await imap.Inbox.ExpungeAsync();
        }

        await _node.DeliverAsync(account.Address, "another big", 900_000);
        await Eventually.Async(account.InboxAsync, inbox => inbox.SequenceEqual(["another big"]));
    }

    [Fact, Trait("Rule", "ACC-13")]
    public async Task What_a_mailbox_takes_is_told_after_a_delivery_and_after_a_deletion()
    {
        var account = await Account.OpenAsync(_node);
        await Eventually.Async(() => _node.Broker.Used.TryGetValue(account.State.AccountId, out var none) && none == 0);
        await _node.DeliverAsync(account.Address, "to be measured", 50_000);
        await Eventually.Async(() => _node.Broker.Used[account.State.AccountId] is > 50_000 and < 60_000);
        using var imap = await account.LoggedInAsync();
        await imap.Inbox!.OpenAsync(FolderAccess.ReadWrite);
        await imap.Inbox.AddFlagsAsync(0, MessageFlags.Deleted, true);
        await imap.Inbox.ExpungeAsync();
        await Eventually.Async(() => _node.Broker.Used[account.State.AccountId] == 0);
    }

    [Fact, Trait("Rule", "SPM-3")]
    public async Task The_usual_folders_are_there_subscribed_and_marked_and_names_may_hold_dots()
    {
        var account = await Account.OpenAsync(_node);
        using var imap = await account.LoggedInAsync();
        foreach (var (special, name) in new[] { (SpecialFolder.Drafts, "Drafts"), (SpecialFolder.Sent, "Sent"), (SpecialFolder.Trash, "Trash"), (SpecialFolder.Junk, "Junk"), (SpecialFolder.Archive, "Archive") })
        {
            var folder = imap.GetFolder(special);
            Assert.NotNull(folder);
            Assert.Equal((name, true), (folder.FullName, folder.IsSubscribed));
        }

        var top = imap.GetFolder(imap.PersonalNamespaces[0]);
        var made = await top.CreateAsync("Mr. Dot", true);
        Assert.Equal("Mr. Dot", made!.FullName);
    }
}
