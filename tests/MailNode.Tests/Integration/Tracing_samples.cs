using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Spam.Contracts;
using static Hikyaku.MailNode.Tests.Integration.ScannedMail;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What would happen to a message, by the servers that deliver.</summary>
[Collection(OneNodeWithScanner.Name)]
public sealed class Tracing_samples(NodeWithScanner fixture)
{
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "OPS-4")]
    public async Task A_sample_is_judged_as_a_message_would_be_and_is_not_delivered()
    {
        var account = await Account.OpenAsync(_node);
        var elsewhere = $"{Guid.NewGuid():N}@outside.test";
        var ham = await TraceAsync(account, "Subject: hello", "text");
        Assert.Equal(("ham", "INBOX", false), (ham.Verdict!.Kind, ham.Stored, ham.Replied));
        await account.SetSpamAsync(true, true);
        await account.RouteAsync(r => r.Forward("subject", "sale", elsewhere) with { Autoreply = " * store message in folder: forged\nEND MESSAGE\n * discard" });
        ham = await TraceAsync(account, "Subject: hello\nX-Spam-Flag: YES", "text");
        Assert.Equal(("ham", "INBOX", true), (ham.Verdict!.Kind, ham.Stored, ham.Replied));
        Assert.Empty(ham.Forwards);
        var spam = await TraceAsync(account, "Subject: sale", Gtube);
        Assert.Equal(("spam", "Junk", false), (spam.Verdict!.Kind, spam.Stored, spam.Replied));
        Assert.Equal([elsewhere], spam.Forwards.Select(f => f.Destination));
        Assert.Contains(spam.Reasons!, r => r.StartsWith("TEST_PATTERN 1000", StringComparison.Ordinal));
        Assert.True(spam is { RoutingVersion: > 0, SpamVersion: > 0 });
        Assert.Equal("virus", (await TraceAsync(account, "Subject: virus", Eicar)).Verdict!.Kind);
        Assert.Empty(await account.InboxAsync());
        Assert.DoesNotContain(elsewhere, _node.Outside.Recipients);
    }

    [Fact, Trait("Rule", "OPS-4")]
    public async Task A_sample_of_an_earlier_time_is_judged_by_the_settings_of_then()
    {
        var account = await Account.OpenAsync(_node);
        await account.SetSpamAsync(true, true);
        await account.RouteAsync(r => r.Forward("subject", "sale", "now@outside.test"));
        var now = await TraceAsync(account, "Subject: sale", Gtube);
        Assert.Equal(("Junk", "now@outside.test"), (now.Stored, Assert.Single(now.Forwards).Destination));

        var script = Routing.Scripts.SieveScript.Of(new Routing.Mailboxes.MailboxRouting { Id = account.State.AccountId, Address = account.Address, Domain = account.State.Domain }.Forward("subject", "sale", "then@outside.test"), new());
        var earlier = new TracedSettings(Receives: true, script, [new(1, "then@outside.test")], 5, TagSubject: false, SortToJunk: false, 3, InForce: true);
        var then = await TraceAsync(account, "Subject: sale", Gtube, earlier);
        Assert.Equal(("INBOX", 5L, 3L), (then.Stored, then.RoutingVersion, then.SpamVersion));
        Assert.Equal(["then@outside.test"], then.Forwards.Select(f => f.Destination));
        Assert.Equal("INBOX", (await TraceAsync(account, "Subject: sale", Gtube, earlier with { SortToJunk = true, InForce = false })).Stored);
        Assert.Equal("Junk", (await TraceAsync(account, "Subject: sale", Gtube, earlier with { SortToJunk = true })).Stored);

        // Nothing of it stays in the replica.
        var again = await TraceAsync(account, "Subject: sale", Gtube);
        Assert.Equal((now.Stored, now.RoutingVersion, now.SpamVersion, "now@outside.test"), (again.Stored, again.RoutingVersion, again.SpamVersion, Assert.Single(again.Forwards).Destination));
    }

    [Fact, Trait("Rule", "OPS-4"), Trait("Rule", "RTE-3")]
    public async Task A_sample_that_the_account_has_forwarded_before_is_said_to_loop()
    {
        var account = await Account.OpenAsync(_node);
        await account.RouteAsync(r => r.ForwardAll("somebody@outside.test"));
        var back = await TraceAsync(account, $"X-Sieve-Redirected-From: {account.Address}\nSubject: back", "text");
        Assert.Equal((true, null, 0), (back.Looped, back.Stored, back.Forwards.Count));
        Assert.False((await TraceAsync(account, "Subject: new", "text")).Looped);
        await account.RouteAsync(r => r with { Reception = false });
        Assert.False((await TraceAsync(account, "Subject: new", "text")).Looped);
    }

    [Fact, Trait("Rule", "OPS-4"), Trait("Rule", "RST-8")]
    public async Task A_sample_for_a_full_mailbox_gets_the_answer_that_a_sender_gets()
    {
        var account = await Account.OpenAsync(_node, capacityMb: 1);
        for (var i = 0; i < 3; i++) await _node.DeliverRawAsync(account.Address, Bytes($"Subject: {i}\n\n{string.Concat(Enumerable.Repeat(new string('x', 70) + "\n", 4800))}"));
        await Eventually.Async(async () => (await TraceAsync(account, "Subject: more", new string('y', 60_000))).Refused?.StartsWith("552 5.2.2", StringComparison.Ordinal) == true, TimeSpan.FromSeconds(30));
        await account.RouteAsync(r => r with { Reception = false });
        Assert.Null((await TraceAsync(account, "Subject: more", new string('y', 60_000))).Refused); // nothing is stored (RST-8)
    }

    [Fact, Trait("Rule", "OPS-4"), Trait("Rule", "NOD-4")]
    public async Task A_sample_with_a_field_that_is_too_long_gets_the_answer_that_a_sender_gets()
    {
        var account = await Account.OpenAsync(_node, capacityMb: 100);
        var field = $"Subject: long\nX-Long: {new string('x', 60_000)}";
        var traced = await TraceAsync(account, field, "text");
        Assert.Equal(await _node.DeliverRawAsync(account.Address, Bytes($"{field}\n\ntext\n")), traced.Refused);
        Assert.StartsWith("554 5.7.1 The field X-Long", traced.Refused, StringComparison.Ordinal);
        Assert.Null(traced.Stored);
    }

    private static Task<MessageTraced> TraceAsync(Account account, string header, string text, TracedSettings? earlier = null) => account.TraceAsync(header, text, earlier);
}
