using System.Security.Cryptography;
using System.Text;
using Hikyaku.Platform.Testing;
using MimeKit;
using MimeKit.Cryptography;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Security;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>A server elsewhere believes forwarded mail: the sender of the envelope is of this host, and signatures stay valid.</summary>
public sealed class Senders_of_forwarded_mail(NodeToBreak fixture) : IClassFixture<NodeToBreak>
{
    private static readonly int Changes = Campaign.Size("changes", everyDay: 100);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RTE-9")]
    public async Task The_envelope_sender_is_of_this_host_and_what_comes_back_goes_on_to_the_sender()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside));
        await _node.DeliverRawAsync(account.Address, Encoding.ASCII.GetBytes("Subject: with a sender\r\n\r\nbody\r\n"));

        var there = await DeliveredAsync(outside);
        Assert.Matches("^SRS0=[^@]+=outside[.]test=somebody@mail[.]hikyaku[.]localhost$", there.Sender);

        using var client = await _node.SmtpAsync();
        await client.SayAsync("EHLO outside.test");
        Assert.Equal("250", await AnswerAsync(client, there.Sender));
        Assert.Equal("550", await AnswerAsync(client, there.Sender.Replace("somebody", "another", StringComparison.Ordinal)));
        Assert.Equal("550", await AnswerAsync(client, "nobody@mail.hikyaku.localhost"));
        await _node.DeliverRawAsync(there.Sender, Encoding.ASCII.GetBytes("Subject: it came back\r\n\r\nbody\r\n"));
        await Eventually.Async(() => _node.Outside.Deliveries.Any(d => d.Recipients.Contains("somebody@outside.test") && d.Raw.Contains("it came back", StringComparison.Ordinal)), Long);
    }

    [Fact, Trait("Rule", "RTE-9")]
    public async Task A_message_without_a_sender_is_forwarded_without_one()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside));
        using var client = await _node.SmtpAsync();
        await client.SayAsync("EHLO outside.test");
        Assert.StartsWith("250", await client.SayMessageAsync("", account.Address, "Subject: a bounce"), StringComparison.Ordinal);
        Assert.Equal("", (await DeliveredAsync(outside)).Sender);
    }

    [Fact, Trait("Rule", "RTE-9")]
    public async Task A_signature_stays_valid_and_the_bytes_are_the_same()
    {
        _node.Outside.TakesEightBits = true;
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside) with { Autoreply = "留守です" });
        var body = "行その一\r\n.点で始まる\r\n\r\n  blanks  \r\n" + new string('x', 2000) + "\r\nFrom the start\r\n";
        var (message, keys) = Signed(body);
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, message), StringComparison.Ordinal);

        var there = Encoding.Latin1.GetBytes((await DeliveredAsync(outside)).Raw);
        Assert.EndsWith(Encoding.Latin1.GetString(message), Encoding.Latin1.GetString(there), StringComparison.Ordinal);
        var read = await MimeMessage.LoadAsync(new MemoryStream(there), TestContext.Current.CancellationToken);
        var signature = read.Headers.First(h => h.Id == HeaderId.DkimSignature);
        Assert.True(await new DkimVerifier(keys).VerifyAsync(read, signature, TestContext.Current.CancellationToken));
    }

    [Fact, Trait("Rule", "RTE-3")]
    public async Task While_postsrsd_is_away_mail_waits_and_is_then_stored_and_forwarded_once()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside));
        await _node.StopSrsAsync();
        await _node.DeliverAsync(account.Address, "it waits");
        await Eventually.Async(_node.QueueAsync, q => q.Any(m => m.Queue == "deferred" && m.Recipients.Contains(account.Address)), Long);
        await _node.StartSrsAsync();
        await _node.FlushQueueAsync();
        await DeliveredAsync(outside);
        Assert.Equal(["it waits"], await Eventually.Async(account.InboxAsync, i => i.Count > 0, Long));
        Assert.Single(_node.Outside.Deliveries, d => d.Recipients.Contains(outside));
    }

    [Fact, Trait("Rule", "RTE-3")]
    public async Task A_refused_destination_does_not_hold_up_the_others_and_the_sender_is_told()
    {
        var (account, bad) = (await Account.OpenAsync(_node), Outside());
        string[] good = [.. Enumerable.Range(0, 49).Select(_ => Outside())];
        _node.Outside.AnswerTo = to => to == bad ? "550 5.1.1 No such user" : "250 fine";
        await account.RouteAsync(r => r.ForwardAll([.. good, bad]));
        await _node.DeliverRawAsync(account.Address, Encoding.ASCII.GetBytes("Subject: to fifty\r\n\r\nbody\r\n"));
        foreach (var to in good) await DeliveredAsync(to);
        var told = await Eventually.Async(() => _node.Outside.Deliveries.FirstOrDefault(d => d.Sender.Length == 0 && d.Raw.Contains(bad, StringComparison.Ordinal)), d => d is not null, Long);
        Assert.Equal(["somebody@outside.test"], told!.Recipients);
        Assert.All(good, to => Assert.Single(_node.Outside.Deliveries, d => d.Recipients.Contains(to)));
    }

    [Fact, Trait("Rule", "RTE-3")]
    public async Task A_destination_that_is_down_gets_its_copy_later_and_the_others_get_theirs_once()
    {
        var (account, down) = (await Account.OpenAsync(_node), Outside());
        string[] up = [.. Enumerable.Range(0, 49).Select(_ => Outside())];
        var answer = "450 4.2.1 Not now";
        _node.Outside.AnswerTo = to => to == down ? answer : "250 fine";
        await account.RouteAsync(r => r.ForwardAll([.. up, down]));
        await _node.DeliverAsync(account.Address, "to fifty");
        foreach (var to in up) await DeliveredAsync(to);
        await Eventually.Async(_node.QueueAsync, q => q.Any(m => m.Queue == "deferred" && m.Recipients.Contains(down)), Long);
        answer = "250 fine";
        await Eventually.Async(async () =>
        {
            await _node.FlushQueueAsync();
            return _node.Outside.Deliveries.Any(d => d.Recipients.Contains(down));
        }, Long);
        Assert.All(up.Append(down), to => Assert.Single(_node.Outside.Deliveries, d => d.Recipients.Contains(to)));
    }

    [Fact, Trait("Rule", "RTE-10"), Trait("Rule", "NOD-2"), Trait("Size", "changes")]
    public async Task While_a_rule_changes_again_and_again_each_message_has_one_copy()
    {
        var (changes, messages) = (Changes, Changes / 5);
        var (account, mark) = (await Account.OpenAsync(_node), Guid.NewGuid().ToString("N")[..8]);
        await account.RouteAsync(r => r.ForwardAll($"d0.{mark}@outside.test"));
        var changing = Task.Run(async () =>
        {
            for (var i = 1; i <= changes; i++) await account.RouteAsync(r => r.ForwardAll($"d{i}.{mark}@outside.test"), wait: i == changes);
        }, TestContext.Current.CancellationToken);
        for (var i = 0; i < messages; i++) await _node.DeliverAsync(account.Address, $"message {i}");
        await changing;
        await Eventually.Async(() => Copies().Count, count => count == messages, Long);
        Assert.Equal(messages, Copies().Distinct().Count());
        Assert.Equal(messages, (await Eventually.Async(account.InboxAsync, i => i.Count >= messages, Long)).Distinct().Count());

        List<string> Copies() => [.. _node.Outside.Deliveries.Where(d => d.Recipients.Any(r => r.Contains(mark, StringComparison.Ordinal)))
            .Select(d => d.Raw.Split("Subject: ")[1].Split('\r')[0])];
    }

    private static string Outside() => $"{Guid.NewGuid():N}@outside.test";

    private static async Task<string> AnswerAsync(SpeakingClient client, string recipient)
    {
        var answer = ((int)(await client.SayRecipientAsync("", recipient)).StatusCode).ToString(System.Globalization.CultureInfo.InvariantCulture);
        await client.SayAsync("RSET");
        return answer;
    }

    private static (byte[] Message, OneKey Keys) Signed(string body)
    {
        using var rsa = RSA.Create(2048);
        var keys = DotNetUtilities.GetRsaKeyPair(rsa);
        var message = MimeMessage.Load(new MemoryStream(Encoding.UTF8.GetBytes(
            $"From: =?UTF-8?B?5bGx55Sw?= <yamada@outside.test>\r\nTo: them@example.jp\r\nSubject: =?ISO-2022-JP?B?GyRCJDQ4K0BRGyhC?=\r\n folded\r\nDate: Thu, 26 Nov 2026 10:00:00 +0900\r\nMessage-ID: <{Guid.NewGuid():N}@outside.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{body}")));
        var signer = new DkimSigner(keys.Private, "outside.test", "s1") { HeaderCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Simple, BodyCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Simple };
        signer.Sign(message, [HeaderId.From, HeaderId.Subject, HeaderId.Date, HeaderId.MessageId]);
        using var written = new MemoryStream();
        message.WriteTo(new FormatOptions { NewLineFormat = NewLineFormat.Dos }, written);
        return (written.ToArray(), new OneKey((RsaKeyParameters)keys.Public));
    }

    private Task<OutsideDelivery> DeliveredAsync(string to)
        => Eventually.Async(() => Task.FromResult(_node.Outside.Deliveries.FirstOrDefault(d => d.Recipients.Contains(to))), d => d is not null, Long)!;

    private sealed class OneKey(RsaKeyParameters key) : IDkimPublicKeyLocator
    {
        public Org.BouncyCastle.Crypto.AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) => key;

        public Task<Org.BouncyCastle.Crypto.AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default)
            => Task.FromResult<Org.BouncyCastle.Crypto.AsymmetricKeyParameter>(key);
    }
}
