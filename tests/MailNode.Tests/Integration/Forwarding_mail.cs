using System.Text;
using Hikyaku.Platform.Testing;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Forwarding on real Postfix and Dovecot, by the scripts that the routing service writes.</summary>
[Collection(OneNode.Name)]
public sealed class Forwarding_mail(NodeFixture fixture)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RTE-1"), Trait("Rule", "RTE-5"), Trait("Rule", "RTE-10")]
    public async Task All_mail_is_forwarded_and_the_original_stays()
    {
        var (account, neighbour, outside) = (await Account.OpenAsync(_node), await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside, neighbour.Address));
        await _node.DeliverAsync(account.Address, "to all");
        var there = await DeliveredAsync(outside);
        Assert.Contains("Subject: to all", there.Raw, StringComparison.Ordinal);
        await Eventually.Async(neighbour.InboxAsync, i => i.Contains("to all"), Long);
        Assert.Equal(["to all"], await account.InboxAsync());
        await account.RouteAsync(r => r);
        await _node.DeliverAsync(account.Address, "no more");
        await Eventually.Async(account.InboxAsync, i => i.Contains("no more"), Long);
        Assert.DoesNotContain("no more", await neighbour.InboxAsync());
    }

    [Theory, Trait("Rule", "RTE-4")]
    [InlineData("subject", "見積", "Subject: =?UTF-8?B?44GU6KaL56mN44KK?=", true)]
    [InlineData("subject", "ご見積", "Subject: =?ISO-2022-JP?B?GyRCJDQ4K0BRGyhC?=", true)]
    [InlineData("subject", "見積", "Subject: =?Shift_JIS?B?grKMqZDP?=", true)]
    [InlineData("subject", "one two", "Subject: one\r\n two", true)]
    [InlineData("subject", "sale 50%!", "Subject: BIG Sale 50%! $${x}", true)]
    [InlineData("subject", "$${x}", "Subject: BIG Sale 50%! $${x}", true)]
    [InlineData("subject", "${subject}", "Subject: ${subject}", true)]
    [InlineData("subject", "${subject}", "Subject: plain", false)]
    [InlineData("subject", "a\"b\\c", "Subject: a\"B\\c", true)]
    [InlineData("subject", "привет (1)", "Subject: =?UTF-8?B?0J/QoNCY0JLQldCiICgxKQ==?=", true)]
    [InlineData("subject", "ｓａｌｅ", "Subject: =?UTF-8?B?77yz77yh77ys77yl?=", true)]
    [InlineData("subject", "10～20", "Subject: =?ISO-2022-JP?B?MTAbJEIhQRsoQjIw?=", true)]
    [InlineData("subject", "10〜20", "Subject: =?UTF-8?B?MTDvvZ4yMA==?=", true)]
    [InlineData("subject", "a\\b~", "Subject: =?Shift_JIS?B?YVxifg==?=", true)]
    [InlineData("subject", "¥500", "Subject: =?Shift_JIS?B?XDUwMA==?=", true)]
    [InlineData("subject", "second", "Subject: first\r\nSubject: second", true)]
    [InlineData("subject", "from", "X-Subject: from", false)]
    [InlineData("from", "山田", "From: =?UTF-8?B?5bGx55Sw5aSq6YOO?= <yamada@shop.test>", true)]
    [InlineData("from", "YAMADA@shop", "From: =?UTF-8?B?5bGx55Sw5aSq6YOO?= <yamada@shop.test>", true)]
    [InlineData("from", "nobody", "From: yamada@shop.test", false)]
    public async Task A_keyword_matches_the_decoded_header_in_any_case(string condition, string keyword, string header, bool matches)
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.Forward(condition, keyword, outside));
        var message = $"{header}\r\nMessage-ID: <{Guid.NewGuid():N}@outside.test>\r\n\r\nbody\r\n";
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, Encoding.UTF8.GetBytes(message)), StringComparison.Ordinal);
        await Eventually.Async(account.InboxAsync, i => i.Count == 1, Long);
        // The script has run before the message is stored: what it forwards is in the queue by then.
        if (matches) await DeliveredAsync(outside);
        else Assert.DoesNotContain(_node.Outside.Deliveries, d => d.Recipients.Contains(outside));
    }

    [Fact, Trait("Rule", "RTE-1")]
    public async Task A_destination_of_several_matching_rules_gets_one_copy()
    {
        var (account, first, second) = (await Account.OpenAsync(_node), Outside(), Outside());
        await account.RouteAsync(r => r.ForwardAll(first).Forward("subject", "twice", first, second).Forward("from", "somebody", second));
        await _node.DeliverAsync(account.Address, "twice or thrice");
        await DeliveredAsync(second);
        await DeliveredAsync(first);
        Assert.Single(_node.Outside.Deliveries, d => d.Recipients.Contains(first));
        Assert.Single(_node.Outside.Deliveries, d => d.Recipients.Contains(second));
    }

    [Fact, Trait("Rule", "RTE-1")]
    public async Task Two_messages_with_one_Message_ID_are_both_forwarded()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside));
        var message = Encoding.ASCII.GetBytes("Subject: the same\r\nMessage-ID: <same@outside.test>\r\n\r\nbody\r\n");
        await _node.DeliverRawAsync(account.Address, message);
        await _node.DeliverRawAsync(account.Address, message);
        await Eventually.Async(() => _node.Outside.Deliveries.Count(d => d.Recipients.Contains(outside)) == 2, Long);
    }

    [Theory, Trait("Rule", "RTE-3")]
    [InlineData(2)]
    [InlineData(5)]
    public async Task In_a_ring_each_mailbox_keeps_one_copy(int size)
    {
        var ring = new List<Account>();
        for (var i = 0; i < size; i++) ring.Add(await Account.OpenAsync(_node));
        for (var i = 0; i < size; i++)
        {
            var next = ring[(i + 1) % size].Address;
            await ring[i].RouteAsync(r => r.ForwardAll(next));
        }

        await _node.DeliverAsync(ring[0].Address, "round and round");
        foreach (var account in ring) await Eventually.Async(account.InboxAsync, i => i.Count >= 1, Long);
        await Eventually.Async(_node.QueueAsync, queue => !queue.Any(m => m.Recipients.Any(r => ring.Exists(a => a.Address == r))), Long);
        foreach (var account in ring) Assert.Equal(["round and round"], await account.InboxAsync());
    }

    [Fact, Trait("Rule", "RTE-3")]
    public async Task A_ring_through_another_server_ends()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside));
        await _node.DeliverAsync(account.Address, "there and back");
        var there = await DeliveredAsync(outside);
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, Encoding.Latin1.GetBytes("Received: from here by outside.test; Thu, 26 Nov 2026 10:00:00 +0900\r\n" + there.Raw)), StringComparison.Ordinal);
        await _node.DeliverAsync(account.Address, "after it");
        await Eventually.Async(account.InboxAsync, i => i.Contains("after it"), Long);
        Assert.Equal(["there and back", "after it"], await account.InboxAsync());
    }

    // The script lets it in, as a person may have sent it once more; Pigeonhole itself does not forward it again.
    [Fact, Trait("Rule", "RTE-3")]
    public async Task A_ring_through_a_server_that_resends_ends()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside));
        await _node.DeliverAsync(account.Address, "round");
        var there = await DeliveredAsync(outside);
        var back = Encoding.Latin1.GetBytes($"Resent-From: <{outside}>\r\nReceived: from here by outside.test; Thu, 26 Nov 2026 10:00:00 +0900\r\n{there.Raw}");
        Assert.StartsWith("250", await _node.DeliverRawAsync(account.Address, back), StringComparison.Ordinal);
        await Eventually.Async(account.InboxAsync, i => i.Count == 2, Long);
        await _node.DeliverAsync(account.Address, "after it");
        await Eventually.Async(() => _node.Outside.Deliveries.Any(d => d.Recipients.Contains(outside) && d.Raw.Contains("Subject: after it", StringComparison.Ordinal)), Long);
        Assert.Equal(["round", "round", "after it"], await account.InboxAsync());
        Assert.Equal(2, _node.Outside.Deliveries.Count(d => d.Recipients.Contains(outside)));
    }

    [Fact, Trait("Rule", "RTE-2")]
    public async Task Three_hundred_destinations_each_get_one_copy()
    {
        var account = await Account.OpenAsync(_node);
        var mark = Guid.NewGuid().ToString("N")[..8];
        string[] to = [.. Enumerable.Range(1, 300).Select(i => $"d{i}.{mark}@outside.test")];
        await account.RouteAsync(r => r.Forward("subject", "many", to));
        await _node.DeliverAsync(account.Address, "to many");
        await Eventually.Async(() => Reached().Distinct().Count() == 300, Long);
        Assert.Equal(300, Reached().Count());

        IEnumerable<string> Reached() => _node.Outside.Deliveries.SelectMany(d => d.Recipients).Where(r => r.Contains(mark, StringComparison.Ordinal));
    }

    [Fact, Trait("Rule", "RTE-2")]
    public async Task Six_hundred_matching_rules_reach_six_hundred_destinations()
    {
        var account = await Account.OpenAsync(_node);
        var mark = Guid.NewGuid().ToString("N")[..8];
        await account.RouteAsync(r => Enumerable.Range(1, 300).Aggregate(r, (all, i) => all
            .Forward("subject", $"k{i % 3}", $"s{i}.{mark}@outside.test").Forward("from", "somebody", $"f{i}.{mark}@outside.test")));
        await _node.DeliverAsync(account.Address, "k0 k1 k2");
        await Eventually.Async(() => _node.Outside.Deliveries.SelectMany(d => d.Recipients).Where(r => r.Contains(mark, StringComparison.Ordinal)).Distinct().Count() == 600, Long);
        Assert.Equal(600, _node.Outside.Deliveries.SelectMany(d => d.Recipients).Count(r => r.Contains(mark, StringComparison.Ordinal)));
    }

    private static string Outside() => $"{Guid.NewGuid():N}@outside.test";

    private Task<OutsideDelivery> DeliveredAsync(string to)
        => Eventually.Async(() => Task.FromResult(_node.Outside.Deliveries.FirstOrDefault(d => d.Recipients.Contains(to))), d => d is not null, Long)!;
}
