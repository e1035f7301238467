using Hikyaku.Platform.Testing;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Mail that is on its way when an account is deleted: in the queue, or still being sent.</summary>
public sealed class Mail_on_its_way_to_deleted_accounts(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(40);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "ACC-5")]
    public async Task Queued_mail_for_a_deleted_account_goes_and_that_for_others_is_delivered()
    {
        var (gone, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        await _node.DeliverAsync(gone.Address, "earlier");
        await Eventually.Async(gone.InboxAsync, inbox => inbox.Count == 1);
        await _node.StopDovecotAsync();
        await DeliverAsync("for it alone", gone.Address.ToUpperInvariant());
        await DeliverAsync("for both", gone.Address, other.Address);
        await DeliverAsync("for the other", other.Address);
        await Eventually.Async(_node.QueueAsync, queue => queue.Count(m => m.Queue == "deferred") == 3, Long);

        await gone.DeleteAsync();
        await Eventually.Async(_node.QueueAsync, queue => queue.Count == 2, Long);
        Assert.False(gone.IsErased());
        Assert.True(Directory.Exists(gone.Folder())); // what is in the queue for both could still come

        await _node.StartDovecotAsync();
        await Eventually.Async(() => gone.IsErased(), Long);
        Assert.DoesNotContain(await _node.QueueAsync(), m => m.Recipients.Contains(gone.Address));
        await Eventually.Async(other.InboxAsync, inbox => inbox.Contains("for both"), Long);
        var next = await gone.NextLifeAsync();
        Assert.Empty(await next.InboxAsync());
        await _node.DeliverAsync(next.Address, "of the later life");
        await Eventually.Async(next.InboxAsync, inbox => inbox.SequenceEqual(["of the later life"]));
        Assert.False(Directory.Exists(gone.Folder()));
        await FlushAsync();
        await Eventually.Async(other.InboxAsync, inbox => inbox.Order().SequenceEqual(["for both", "for the other"]), Long);
    }

    // Whether an operator or a suspicion has put it on hold, it may stay there for weeks.
    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "RST-9")]
    public async Task A_deleted_account_is_taken_out_of_held_mail_which_others_get_when_it_is_released()
    {
        var (gone, other, queue) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node), _node.Agent.GetRequiredService<PostfixQueue>());
        await _node.StopDovecotAsync();
        var sender = $"{Guid.NewGuid():N}@outside.test";
        await DeliverFromAsync(sender, "held for both", gone.Address.Replace("@", "+shop@", StringComparison.Ordinal), other.Address, gone.Address);
        await Eventually.Async(_node.QueueAsync, q => q.Count(m => m.Queue == "deferred") == 1, Long);
        string[] held = [(await _node.QueueAsync()).Single().Id];
        await queue.HoldAsync(held, TestContext.Current.CancellationToken);
        await _node.StartDovecotAsync();

        await gone.DeleteAsync();
        await Eventually.Async(() => gone.IsErased(), Long);
        var left = Assert.Single(await _node.QueueAsync());
        Assert.Equal((QueuedMessage.OnHold, held[0]), (left.Queue, left.Id));
        Assert.Equal([other.Address], left.Recipients);

        var next = await gone.NextLifeAsync();
        await queue.ReleaseAsync(held, TestContext.Current.CancellationToken);
        await _node.FlushQueueAsync();
        await Eventually.Async(other.InboxAsync, inbox => inbox.SequenceEqual(["held for both"]), Long);
        await Eventually.Async(_node.QueueAsync, q => q.Count == 0, Long);
        Assert.Empty(await next.InboxAsync());
        Assert.DoesNotContain(sender, _node.Outside.Recipients); // nothing has bounced
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_later_life_gets_none_of_the_mail_of_the_former_and_all_of_its_own()
    {
        var former = await Account.OpenAsync(_node);
        await _node.DeliverAsync(former.Address, "read by the former");
        await Eventually.Async(former.InboxAsync, inbox => inbox.Count == 1);
        using var session = await former.LoggedInAsync();
        using var slow = await _node.SmtpAsync();
        await _node.StopDovecotAsync();
        await DeliverAsync("waits for the former", former.Address);
        Assert.Equal(250, (int)(await slow.SayRecipientAsync("stranger@outside.test", former.Address)).StatusCode);
        await Eventually.Async(_node.QueueAsync, queue => queue.Any(m => m.Queue == "deferred" && m.Recipients.Contains(former.Address)), Long);
        await former.DeleteAsync();

        // The accounts service gives the name away when all have erased; a node must not rely on it.
        var later = await former.NextLifeAsync();
        Assert.False(former.IsErased());
        Assert.Equal(354, (int)(await slow.SayAsync("DATA")).StatusCode);
        Assert.Equal(250, (int)(await slow.SayAsync("Subject: on its way to the former\r\n\r\nlate\r\n.")).StatusCode);
        var taken = new List<string>();
        for (var i = 0; !former.IsErased(); i++)
        {
            if (i == 2) await _node.StartDovecotAsync();
            using var client = await _node.SmtpAsync();
            var answer = await client.SayMessageAsync("stranger@outside.test", later.Address, $"Subject: number {i}");
            if (answer.StartsWith("250", StringComparison.Ordinal)) taken.Add($"number {i}");
        }

        await _node.DeliverAsync(later.Address, "afterwards");
        await FlushAsync();
        await Eventually.Async(later.InboxAsync, inbox => inbox.Order().SequenceEqual(taken.Append("afterwards").Order()), Long);
        Assert.False(Directory.Exists(former.Folder()));
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task What_it_has_sent_before_still_arrives()
    {
        var account = await Account.OpenAsync(_node);
        _node.Outside.Dispose();
        await account.SubmitAsync(account.Address, "friend@outside.test", "the last letter");
        await Eventually.Async(_node.QueueAsync, queue => queue.Any(m => m.Queue == "deferred" && m.Sender == account.Address), Long);
        await account.DeleteAsync();
        await Eventually.Async(() => Sessions(account) == 0);
        Assert.False(account.IsErased());
        _node.Outside.Start(_node.Port("OUTBOX_SMTP"));
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.Contains("friend@outside.test", _node.Outside.Recipients);
    }

    [Fact, Trait("Rule", "ACC-5"), Trait("Rule", "NOD-2")]
    public async Task The_queue_is_cleaned_while_postfix_is_away()
    {
        var account = await Account.OpenAsync(_node);
        await _node.StopDovecotAsync();
        await DeliverAsync("for it alone", account.Address);
        await Eventually.Async(_node.QueueAsync, queue => queue.Any(m => m.Queue == "deferred" && m.Recipients.Contains(account.Address)), Long);
        await _node.StopPostfixAsync();
        await _node.StartDovecotAsync();
        await account.DeleteAsync();
        await Eventually.Async(() => account.IsErased(), Long);
        await _node.StartPostfixAsync();
        Assert.DoesNotContain(await _node.QueueAsync(), m => m.Recipients.Contains(account.Address));
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task Who_is_still_sending_a_message_to_it_holds_the_end_up()
    {
        var account = await Account.OpenAsync(_node);
        using var slow = await _node.SmtpAsync();
        Assert.Equal(250, (int)(await slow.SayRecipientAsync("stranger@outside.test", account.Address)).StatusCode);
        await account.DeleteAsync();
        await Eventually.Async(() => Sessions(account) == 0);
        Assert.Equal(354, (int)(await slow.SayAsync("DATA")).StatusCode);
        Assert.False(account.IsErased());
        Assert.Equal(250, (int)(await slow.SayAsync("Subject: late\r\n\r\nlate\r\n.")).StatusCode);
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.Empty(await (await account.NextLifeAsync()).InboxAsync());
        Assert.DoesNotContain(await _node.QueueAsync(), m => m.Recipients.Contains(account.Address));
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_message_is_as_old_as_its_first_recipient_however_long_it_is_written()
    {
        var account = await Account.OpenAsync(_node);
        var (queue, before) = (_node.Agent.GetRequiredService<UnfinishedMessages>(), DateTimeOffset.UtcNow);
        using var slow = await _node.SmtpAsync();
        Assert.Equal(250, (int)(await slow.SayRecipientAsync("stranger@outside.test", account.Address)).StatusCode);
        var begun = Assert.Single(queue.Read()).Begun;
        Assert.InRange(begun, before, DateTimeOffset.UtcNow);
        Assert.Equal(354, (int)(await slow.SayAsync("DATA")).StatusCode);
        var sending = slow.SayAsync("Subject: long\r\n\r\n" + Lines(1000));
        await Eventually.Async(() => Directory.EnumerateFiles(Path.Combine(_node.Home, "mailnode", "run", "postfix-queue", "incoming")).Any(f => new FileInfo(f).Length > 50_000));
        var unfinished = Assert.Single(queue.Read());
        Assert.Equal(begun, unfinished.Begun);
        Assert.True(unfinished.MayConcern(account.Address));
        Assert.False(unfinished.MayConcern("other@example.jp"));
        await account.DeleteAsync();
        await Eventually.Async(() => Sessions(account) == 0);
        Assert.False(account.IsErased());
        slow.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        await Eventually.Async(() => account.IsErased(), Long);
    }

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData(false)]
    [InlineData(true)] // by a crash of Postfix
    public async Task A_slow_sender_delays_erasure_and_an_abandoned_message_does_not(bool isLeftBehind)
    {
        var account = await Account.OpenAsync(_node);
        var clock = new ShiftedClock();
        _node.Clock = clock;
        await _node.RestartAgentAsync();
        using var slow = await _node.SmtpAsync();
        Assert.Equal(250, (int)(await slow.SayRecipientAsync("stranger@outside.test", account.Address)).StatusCode);
        await account.DeleteAsync();
        await Eventually.Async(() => Sessions(account) == 0);
        Assert.Equal(354, (int)(await slow.SayAsync("DATA")).StatusCode);
        var leftBehind = Path.Combine(_node.Home, "mailnode", "run", "postfix-queue", "incoming", "left-behind");
        if (isLeftBehind) await File.WriteAllTextAsync(leftBehind, "of a crash", TestContext.Current.CancellationToken);
        clock.By = TimeSpan.FromMinutes(4); // minutes are waited, not more
        var rounds = new HashSet<long>();
        await Eventually.Async(() => rounds.Add(Postponed(account)) && rounds.Count > 3, Long);
        Assert.False(account.IsErased());
        Assert.Equal(250, (int)(await slow.SayAsync("Subject: late\r\n\r\nlate\r\n.")).StatusCode);
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.Empty(await (await account.NextLifeAsync()).InboxAsync());
        File.Delete(leftBehind);
        _node.Clock = TimeProvider.System;
        await _node.RestartAgentAsync();
    }

    [Theory, Trait("Rule", "ACC-5")]
    [InlineData(0)] // nothing of the message has come
    [InlineData(1000)]
    public async Task Who_takes_minutes_over_a_message_to_it_is_told_to_try_again_later(int lines)
    {
        var account = await Account.OpenAsync(_node);
        var clock = new ShiftedClock();
        _node.Clock = clock;
        await _node.RestartAgentAsync();
        using var slow = await _node.SmtpAsync();
        Assert.Equal(250, (int)(await slow.SayRecipientAsync("stranger@outside.test", account.Address)).StatusCode);
        Assert.Equal(354, (int)(await slow.SayAsync("DATA")).StatusCode);
        await account.DeleteAsync();
        clock.By = TimeSpan.FromMinutes(6);
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.Equal(451, (int)(await slow.SayAsync($"Subject: late\r\n\r\n{Lines(lines)}.")).StatusCode);
        Assert.Empty(await (await account.NextLifeAsync()).InboxAsync());
        _node.Clock = TimeProvider.System;
        await _node.RestartAgentAsync();
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task Who_is_slow_in_sending_to_others_does_not_hold_a_deletion_up()
    {
        var (account, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        using var slow = await _node.SmtpAsync();
        Assert.Equal(250, (int)(await slow.SayRecipientAsync("stranger@outside.test", other.Address)).StatusCode);
        Assert.Equal(354, (int)(await slow.SayAsync("DATA")).StatusCode);
        // Does not end, so there is no answer.
        var sending = slow.SayAsync($"Subject: slow\r\n\r\n{Lines(1000)}{Lines(1)}x");
        await account.DeleteAsync();
        await Eventually.Async(() => account.IsErased(), Long);
        Assert.Single(_node.Agent.GetRequiredService<UnfinishedMessages>().Read());
        slow.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
    }

    [Fact, Trait("Rule", "ACC-5")]
    public async Task A_late_tombstone_takes_nothing_from_the_later_life()
    {
        var account = await Account.OpenAsync(_node);
        var later = await account.ChangeAsync(s => s with { Life = 2 }, account.Password);
        await _node.StopDovecotAsync();
        await DeliverAsync("for the later life", later.Address);
        await Eventually.Async(_node.QueueAsync, queue => queue.Any(m => m.Queue == "deferred" && m.Recipients.Contains(later.Address)), Long);
        var former = new Account(_node, account.State with { AccountId = Guid.CreateVersion7().ToString("N") }, null);
        await former.DeleteAsync();
        await Eventually.Async(() => former.IsErased(), Long);
        await _node.StartDovecotAsync();
        await FlushAsync();
        await Eventually.Async(later.InboxAsync, inbox => inbox.SequenceEqual(["for the later life"]), Long);
    }

    // A deletion that is seen clean in one round must be due in the next, however long that was.
    [Fact, Trait("Rule", "ACC-5")]
    public async Task It_ends_as_well_where_reading_the_queue_takes_long()
    {
        var account = await Account.OpenAsync(_node);
        var programs = Directory.CreateDirectory(Path.Combine(_node.Home, "slow")).FullName;
        var slow = Path.Combine(programs, "postqueue");
        await File.WriteAllTextAsync(slow, "#!/bin/sh\nsleep 0.8\nexec /usr/sbin/postqueue \"$@\"\n", TestContext.Current.CancellationToken);
        await GuardedProcess.RunAsync("root", "chmod", "+x", slow);
        await _node.StopAgentAsync();
        await using (_node.StartAgentToKill(path: $"{programs}:{Environment.GetEnvironmentVariable("PATH")}"))
        {
            await account.DeleteAsync();
            await Eventually.Async(() => account.IsErased(), Long);
        }

        await _node.StartAgentAsync();
        await _node.ReadyAsync();
    }

    private Task DeliverAsync(string subject, params string[] to) => DeliverFromAsync("stranger@outside.test", subject, to);

    private async Task DeliverFromAsync(string sender, string subject, params string[] to)
    {
        using var client = await _node.SmtpAsync();
        await client.SendAsync(Clients.Message(subject, 100), MailboxAddress.Parse(sender), to.Select(MailboxAddress.Parse));
    }

    private async Task FlushAsync()
    {
        var stop = TestContext.Current.CancellationToken;
        await _node.Agent.GetRequiredService<PostfixQueue>().AttemptAsync((await _node.QueueAsync()).Where(m => m.Queue == "deferred").Select(m => m.Id), stop);
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat(new string('x', 70) + "\r\n", count));

    private long Sessions(Account account) => _node.AskReplica("SELECT count(*) FROM session_end WHERE account_id = $1", account.State.AccountId);

    private long Postponed(Account account) => _node.AskReplica("SELECT erase_due FROM mailbox WHERE account_id = $1", account.State.AccountId);
}
