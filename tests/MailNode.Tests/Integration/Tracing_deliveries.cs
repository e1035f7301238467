using System.Globalization;
using System.Text;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What is told of messages that real Postfix, Dovecot and Pigeonhole take in, store, forward, answer and refuse.</summary>
[Trait("Rule", "OPS-4")]
public sealed class Tracing_deliveries(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_message_is_followed_from_the_door_into_the_folder(bool hasScript)
    {
        var account = await Account.OpenAsync(_node);
        if (hasScript) await account.RouteAsync(r => r.Forward("subject", "never", "nobody@outside.test"));
        await DeliverAsync(account.Address, "<stored@outside.test>");
        var steps = await ToldAsync(account, DeliveryKinds.Sent, DeliveryKinds.Stored);

        var taken = Assert.Single(steps, s => s.Kind == DeliveryKinds.Taken);
        Assert.Equal(("smtp", "localhost[127.0.0.1]", "somebody@outside.test", account.Address, "stored@outside.test", "received"), (taken.Door, taken.Client, taken.Sender, taken.Recipient, taken.MessageId, taken.Direction));
        Assert.InRange(taken.Size!.Value, 50, 2000);
        Assert.InRange(taken.At, DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow);
        var (stored, sent) = (Assert.Single(steps, s => s.Kind == DeliveryKinds.Stored), Assert.Single(steps, s => s.Kind == DeliveryKinds.Sent));
        Assert.Equal(("INBOX", "stored@outside.test", sent.Session), (stored.Folder, stored.MessageId, stored.Session));
        Assert.Equal((taken.Delivery, "2.0.0"), (sent.Delivery, sent.Dsn));
        Assert.NotNull(stored.Session);
    }

    [Fact]
    public async Task A_forwarded_message_is_followed_to_what_the_other_server_said()
    {
        var (account, neighbour) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        var (fine, unknown) = (Outside("fine"), Outside("unknown"));
        _node.Outside.AnswerTo = to => to == unknown ? "550 5.1.1 No such user (really)" : "250 thanks";
        await account.RouteAsync(r => r.ForwardAll(fine, unknown, neighbour.Address));
        await DeliverAsync(account.Address, "<forwarded@outside.test>");
        var steps = await ToldAsync(account, s => s.Way == "forward" && s.Recipient is not null, 3);

        var taken = Assert.Single(steps, s => s.Kind == DeliveryKinds.Taken);
        Assert.Equal((taken.Delivery, "0"), Assert.Single(steps, s => s.Kind == DeliveryKinds.Forwarded) is var f ? (f.Delivery, f.Rules) : default);
        var ends = steps.Where(s => s.Way == "forward" && s.Recipient is not null).ToDictionary(s => s.Recipient!);
        Assert.All(ends.Values, s => Assert.Equal((taken.Delivery, "0"), (s.Delivery, s.Rules)));
        Assert.Equal((DeliveryKinds.Sent, "250 fine"), (ends[fine].Kind, ends[fine].Answer));
        Assert.Equal((DeliveryKinds.Bounced, "5.1.1"), (ends[unknown].Kind, ends[unknown].Dsn));
        Assert.Contains("550 5.1.1 No such user (really)", ends[unknown].Answer, StringComparison.Ordinal);
        Assert.Equal(DeliveryKinds.Sent, ends[neighbour.Address].Kind);
        var there = Assert.Single(await ToldAsync(neighbour, DeliveryKinds.Stored), s => s.Kind == DeliveryKinds.Taken);
        Assert.Equal(("forward", taken.Delivery, "forwarded@outside.test"), (there.Door, there.Cause, there.MessageId));
    }

    [Fact]
    public async Task An_autoreply_is_told_and_followed()
    {
        var (account, sender) = (await Account.OpenAsync(_node), Outside("sender"));
        await account.RouteAsync(r => r with { Autoreply = "Away" });
        await DeliverAsync(account.Address, "<asked@outside.test>", sender);
        var steps = await ToldAsync(account, s => s is { Way: "reply", Kind: DeliveryKinds.Sent }, 1);
        var end = Assert.Single(steps, s => s is { Way: "reply", Kind: DeliveryKinds.Sent });
        Assert.Equal((sender, "asked@outside.test", "250 fine"), (end.Recipient, end.Cause, end.Answer));
        var replied = Assert.Single(await ToldAsync(account, DeliveryKinds.Replied), s => s.Kind == DeliveryKinds.Replied);
        Assert.Equal((sender, "asked@outside.test"), (replied.Recipient, replied.MessageId));
    }

    [Fact]
    public async Task With_reception_off_the_message_is_told_to_be_dropped()
    {
        var account = await Account.OpenAsync(_node);
        await account.RouteAsync(r => r with { Reception = false });
        await DeliverAsync(account.Address, "<dropped@outside.test>");
        var steps = await ToldAsync(account, DeliveryKinds.Sent, DeliveryKinds.Dropped);
        Assert.Equal(Assert.Single(steps, s => s.Kind == DeliveryKinds.Sent).Session, Assert.Single(steps, s => s.Kind == DeliveryKinds.Dropped).Session);
        Assert.Null(Assert.Single(steps, s => s.Kind == DeliveryKinds.Dropped).Answer);
        Assert.DoesNotContain(steps, s => s.Kind == DeliveryKinds.Stored);
    }

    [Fact, Trait("Rule", "RTE-3")]
    public async Task A_message_that_has_come_back_is_told_to_have_looped()
    {
        var account = await Account.OpenAsync(_node);
        await account.RouteAsync(r => r.Forward("subject", "never", Outside("never")));
        var back = Encoding.ASCII.GetBytes($"X-Sieve-Redirected-From: {account.Address}\r\nSubject: back\r\nMessage-ID: <back@outside.test>\r\n\r\nbody\r\n");
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, back), StringComparison.Ordinal);
        var steps = await ToldAsync(account, DeliveryKinds.Sent, DeliveryKinds.Dropped);
        Assert.Equal(DeliveryAnswers.Looped, Assert.Single(steps, s => s.Kind == DeliveryKinds.Dropped).Answer);
        Assert.Empty(await account.InboxAsync());
    }

    [Fact]
    public async Task A_refusal_at_RCPT_is_told_with_its_text()
    {
        var account = await (await Account.OpenAsync(_node)).ChangeCapacityAsync(1);
        await _node.DeliverAsync(account.Address, "large", 900_000);
        await Eventually.Async(account.InboxAsync, i => i.Contains("large"), Long);
        await Assert.ThrowsAnyAsync<MailKit.Net.Smtp.SmtpCommandException>(() => _node.DeliverAsync(account.Address, "larger", 200_000));
        var refused = (await ToldAsync(account, DeliveryKinds.Refused)).Last(s => s.Kind == DeliveryKinds.Refused);
        Assert.Equal(("5.2.2", "smtp", "stranger@outside.test", account.Address, refused.Id), (refused.Dsn, refused.Door, refused.Sender, refused.Recipient, refused.Delivery));
        Assert.Contains("The mailbox is full", refused.Answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submitted_mail_is_told_to_its_sender_with_refusals_and_deferrals()
    {
        var (account, other) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node));
        var (fine, later) = (Outside("fine"), Outside("later"));
        var patience = 2;
        _node.Outside.AnswerTo = to => to == later && Interlocked.Decrement(ref patience) >= 0 ? "450 4.2.1 Not now" : "250 fine";
        await account.SubmitRawAsync(fine, Message(account.Address, "<one@example.jp>"));
        await account.SubmitRawAsync(later, Message(account.Address, "<two@example.jp>"));
        await Assert.ThrowsAnyAsync<MailKit.Net.Smtp.SmtpCommandException>(() => account.SubmitAsync(other.Address, fine, "in another's name"));
        Assert.StartsWith("554", await account.SubmitRawAsync(fine, Message(other.Address, "<three@example.jp>")), StringComparison.Ordinal);
        await ToldAsync(account, DeliveryKinds.Deferred);
        await Eventually.Async(async () => { await _node.FlushQueueAsync(); return _node.Broker.DeliveriesOf(account.State.AccountId).Any(s => s.Recipient == later && s.Kind == DeliveryKinds.Sent); }, Long);

        var steps = _node.Broker.DeliveriesOf(account.State.AccountId).Where(s => s.Direction == "sent").ToList();
        Assert.Single(steps, s => s.Kind == DeliveryKinds.Deferred); // tried at least twice
        Assert.Equal(("4.2.1", later), Assert.Single(steps, s => s.Kind == DeliveryKinds.Deferred) is var d ? (d.Dsn, d.Recipient) : default);
        Assert.Equal(account.Address, steps.First(s => s.Kind == DeliveryKinds.Taken).Login);
        Assert.All(steps.Where(s => s.Kind == DeliveryKinds.Taken), s => Assert.Equal("submission", s.Door));
        var refusals = steps.Where(s => s.Kind == DeliveryKinds.Refused).ToList();
        Assert.Equal(2, refusals.Count);
        Assert.Contains(refusals, r => r.Dsn == "5.7.1" && r.Answer!.Contains("Sender address rejected", StringComparison.Ordinal));
        Assert.Contains(refusals, r => r.MessageId == "three@example.jp" && r.Delivery == r.QueueId); // by the milter, at the message's end
        Assert.DoesNotContain(_node.Broker.DeliveriesOf(other.State.AccountId), s => s.MessageId == "three@example.jp");
    }

    [Fact]
    public async Task A_verdict_that_is_logged_late_is_told_with_its_message()
    {
        var account = await Account.OpenAsync(_node);
        await DeliverAsync(account.Address, "<judged@outside.test>");
        var taken = (await ToldAsync(account, DeliveryKinds.Sent)).First(s => s.Kind == DeliveryKinds.Taken);
        Directory.CreateDirectory($"{_node.Home}/guard-scanner");
        await AppendAsync($"{_node.Home}/guard-scanner/server.log", Encoding.ASCII.GetBytes($"2026-11-29 12:00:00 #1(rspamd_proxy) <x>; lua; x.lua:1: hikyaku: {taken.Delivery} verdict=spam score=9.50 virus=-\n"));
        var judged = Assert.Single(await ToldAsync(account, DeliveryKinds.Judged), s => s.Kind == DeliveryKinds.Judged);
        Assert.Equal((taken.Delivery, new DeliveryVerdict("spam", 9.5)), (judged.Delivery, judged.Verdict!));
    }

    [Fact]
    public async Task What_the_spam_filter_judges_is_told()
    {
        await _node.StartSpamScannerAsync();
        try
        {
            var account = await Account.OpenAsync(_node);
            await DeliverAsync(account.Address, "<by-rspamd@outside.test>");
            var steps = await ToldAsync(account, DeliveryKinds.Judged);
            var judged = Assert.Single(steps, s => s.Kind == DeliveryKinds.Judged);
            // No ClamAV has started.
            Assert.Equal("unscanned", judged.Verdict!.Kind);
            Assert.Equal(Assert.Single(steps, s => s.Kind == DeliveryKinds.Taken).Delivery, judged.Delivery);
        }
        finally
        {
            await _node.StopSpamScannerAsync();
        }
    }

    [Fact, Trait("Rule", "OPS-7"), Trait("Rule", "REL-3")]
    public async Task Messages_are_told_once_when_the_log_rotates_and_the_agent_is_away()
    {
        var account = await Account.OpenAsync(_node);
        await DeliverAsync(account.Address, "<1@outside.test>");
        await ToldAsync(account, DeliveryKinds.Stored, DeliveryKinds.Sent);

        await _node.StopAgentAsync();
        await DeliverAsync(account.Address, "<2@outside.test>");
        await Eventually.Async(() => _node.Log.Contains("<2@outside.test>", StringComparison.Ordinal), Long);
        await Eventually.Async(account.InboxAsync, i => i.Count == 2, Long);
        // As `postfix logrotate` does, without compressing.
        File.Move($"{_node.Home}/logs/mail.log", $"{_node.Home}/logs/mail.log.20261129");
        await GuardedProcess.RunAsync("root", "postfix", "-c", $"{_node.Home}/mailnode/postfix", "reload");
        await DeliverAsync(account.Address, "<3@outside.test>");
        await Eventually.Async(account.InboxAsync, i => i.Count == 3, Long);
        await Eventually.Async(() => _node.Log.Contains("status=sent", StringComparison.Ordinal), Long);
        await _node.StartAgentAsync();
        await _node.ReadyAsync();
        await DeliverAsync(account.Address, "<4@outside.test>");

        await ToldAsync(account, s => s.Kind == DeliveryKinds.Sent, 4);
        var steps = await ToldAsync(account, s => s.Kind == DeliveryKinds.Stored, 4);
        foreach (var kind in new[] { DeliveryKinds.Taken, DeliveryKinds.Stored })
            Assert.Equal(["1", "2", "3", "4"], steps.Where(s => s.Kind == kind).Select(s => s.MessageId!.Split('@')[0]).Order(StringComparer.Ordinal));
    }

    [Fact, Trait("Rule", "OPS-7")]
    public async Task A_lost_replica_loses_and_repeats_nothing()
    {
        var account = await Account.OpenAsync(_node);
        await DeliverAsync(account.Address, "<before@outside.test>");
        await ToldAsync(account, DeliveryKinds.Stored, DeliveryKinds.Sent);
        var identity = _node.ReplicaIdentity();
        _node.RemoveReplica();
        await _node.OtherReplicaAsync(identity);
        await _node.ReadyAsync();
        await DeliverAsync(account.Address, "<after@outside.test>");
        await ToldAsync(account, s => s.Kind == DeliveryKinds.Stored && s.MessageId == "after@outside.test", 1);
        await ToldAsync(account, s => s.Kind == DeliveryKinds.Sent, 2);
        Assert.Equal(["after", "before"], _node.Broker.DeliveriesOf(account.State.AccountId).Where(s => s.Kind == DeliveryKinds.Taken).Select(s => s.MessageId!.Split('@')[0]).Order(StringComparer.Ordinal));
    }

    [Fact, Trait("Rule", "REL-8")]
    public async Task Broken_and_hostile_lines_are_left_out_and_the_rest_is_told()
    {
        var account = await Account.OpenAsync(_node);
        var log = $"{_node.Home}/logs/mail.log";
        byte[] broken =
        [
            .. Encoding.Latin1.GetBytes("\n\n\0\u00ff\u00fe\n" + Line("smtp", "4jcmj419QMz1jFSk: to=<x@outs") + Line("qmgr", "4jcmj419QMz1jFSk: from=<\"x>, size=99999999999999999999999, nrcpt=1 (queue active)")),
            .. Encoding.Latin1.GetBytes(Line("cleanup", $"4jcmj419QMz1jFSk: message-id=<{new string('x', 200_000)}>") + "Nov 99 99:99:99 mail postfix/smtp[1]: 4jcmj419QMz1jFSk: removed\n"),
            .. Encoding.Latin1.GetBytes(Line("smtp", $"4jcmj419QMz1jFSk: to=<\"{new string('\\', 5000)}>, relay=x, delay=1, delays=1, dsn=2.0.0, status=sent (" + new string('(', 20_000))),
        ];
        await AppendAsync(log, broken);
        await DeliverAsync(account.Address, "<whole@outside.test>");
        Assert.Equal("whole@outside.test", (await ToldAsync(account, DeliveryKinds.Sent)).First(s => s.Kind == DeliveryKinds.Taken).MessageId);
    }

    [Fact, Trait("Rule", "OPS-7")]
    public async Task A_burst_of_ten_thousand_lines_is_told_whole_and_states_go_on()
    {
        var account = await Account.OpenAsync(_node);
        var burst = new StringBuilder();
        for (var i = 0; i < 2500; i++)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"4jcmk{i:00000}z1jFSk");
            burst.Append(Line("smtpd", $"{id}: client=burst.outside.test[192.0.2.9]")).Append(Line("cleanup", $"{id}: message-id=<{i}@burst.test>"))
                .Append(Line("qmgr", $"{id}: from=<burst@outside.test>, size=100, nrcpt=1 (queue active)"))
                .Append(Line("lmtp", $"{id}: to=<{account.Address}>, relay=127.0.0.1[127.0.0.1]:24, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 2.0.0 <{account.Address}> s{i} Saved)"));
        }

        await AppendAsync($"{_node.Home}/logs/mail.log", Encoding.ASCII.GetBytes(burst.ToString()));
        var since = DateTimeOffset.UtcNow;
        await Account.OpenAsync(_node); // a state is obeyed meanwhile
        Assert.InRange(DateTimeOffset.UtcNow - since, TimeSpan.Zero, TimeSpan.FromSeconds(15));
        var steps = await ToldAsync(account, s => s.Kind == DeliveryKinds.Sent, 2500);
        Assert.Equal(2500, steps.Where(s => s.Kind == DeliveryKinds.Sent).Select(s => s.Session).Distinct().Count());
        Assert.Equal(Enumerable.Range(0, 2500).Select(i => $"{i}@burst.test").Order(StringComparer.Ordinal), steps.Where(s => s.Kind == DeliveryKinds.Taken).Select(s => s.MessageId!).Order(StringComparer.Ordinal));
        Assert.All(_node.Broker.Facts.Values.OfType<DeliveriesObserved>(), f => Assert.InRange(f.Deliveries.Count, 1, 500));
    }

    [Fact, Trait("Rule", "OPS-7"), Trait("Rule", "NOD-2")]
    public async Task While_the_broker_is_away_the_log_waits_and_not_the_outbox()
    {
        const int Many = 5000; // more than the outbox takes
        const int Most = 4;
        await using var rabbit = await RabbitServer.StartDedicatedAsync();
        await using var node = await MailNodeUnderTest.StartAsync(rabbit, settings: $"--Hikyaku:DeliveriesWaiting={Most}");
        var account = await Account.OpenAsync(node);
        await rabbit.ShutDownAsync();
        var lines = new StringBuilder();
        for (var i = 0; i < Many; i++)
            lines.Append(Line("lmtp", $"{string.Create(CultureInfo.InvariantCulture, $"4jcmk{i:00000}z1jFSk")}: to=<{account.Address}>, relay=x, delay=0.1, delays=0.1/0/0/0, dsn=2.0.0, status=sent (250 fine)"));
        await AppendAsync($"{node.Home}/logs/mail.log", Encoding.ASCII.GetBytes(lines.ToString()));
        await Eventually.Async(() => Waiting() >= Most, Long);
        await Eventually.Async(() => node.AskReplica("SELECT count(*) FROM traced_message") > 0, Long);
        Assert.InRange(Waiting(), Most, Most + 3);

        await rabbit.StartAgainAsync();
        await Eventually.Async(
            () => node.Broker.Facts.Values.OfType<DeliveriesObserved>().Sum(f => f.Deliveries.Count(d => d.Kind == DeliveryKinds.Sent)), told => told == Many, TimeSpan.FromMinutes(5));

        long Waiting() => node.AskReplica("SELECT count(*) FROM fact WHERE type = 'DeliveriesObserved'");
    }

    // In one write at the file's end, as the servers write at the same time: .NET's own appending writes where the end was.
    private static async Task AppendAsync(string log, byte[] lines)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllBytesAsync(file, lines, TestContext.Current.CancellationToken);
            await GuardedProcess.RunAsync("root", "dd", $"if={file}", $"of={log}", $"bs={lines.Length}", "oflag=append", "conv=notrunc", "status=none");
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static string Line(string program, string text)
        => $"{DateTime.Now.ToString("MMM d HH:mm:ss", CultureInfo.InvariantCulture).Insert(4, DateTime.Now.Day < 10 ? " " : "")} mail postfix/{program}[1]: {text}\n";

    private static string Outside(string name) => $"{name}-{Guid.NewGuid():N}@outside.test";

    private static byte[] Message(string from, string messageId) => Encoding.ASCII.GetBytes($"From: {from}\r\nTo: x@outside.test\r\nSubject: x\r\nMessage-ID: {messageId}\r\n\r\nbody\r\n");

    private async Task DeliverAsync(string to, string messageId, string from = "somebody@outside.test")
    {
        using var client = await _node.SmtpAsync();
        await client.SayAsync("EHLO outside.test");
        Assert.StartsWith("250", await client.SayMessageAsync(from, to, $"From: {from}\r\nTo: {to}\r\nSubject: x\r\nMessage-ID: {messageId}"), StringComparison.Ordinal);
    }

    // What was told of an account, when something of each of these kinds is there.
    private Task<IReadOnlyList<DeliveryObserved>> ToldAsync(Account account, params string[] kinds)
        => Eventually.Async(() => _node.Broker.DeliveriesOf(account.State.AccountId), steps => kinds.All(k => steps.Any(s => s.Kind == k)), Long);

    private Task<IReadOnlyList<DeliveryObserved>> ToldAsync(Account account, Func<DeliveryObserved, bool> which, int count)
        => Eventually.Async(() => _node.Broker.DeliveriesOf(account.State.AccountId), steps => steps.Count(which) == count, Long);
}
