using Hikyaku.Platform.Testing;
using Hikyaku.Routing;
using static Hikyaku.MailNode.Tests.Integration.ScannedMail;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What the scripts of accounts do with mail that was judged spam.</summary>
[Collection(OneNodeWithScanner.Name)]
public sealed class Routing_of_spam(NodeWithScanner fixture)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RTE-11")]
    public async Task Spam_is_forwarded_unless_the_operator_forbids_it()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside), new RoutingSettings(ForwardSpam: false));
        await account.DeliverTextAsync("Subject: spam", Gtube);
        await account.DeliverTextAsync("Subject: ham", "text");
        await Eventually.Async(account.InboxAsync, i => i.Count == 2, Long);
        Assert.Equal(["ham"], await ForwardedAsync(outside, "ham"));
    }

    [Fact, Trait("Rule", "RTE-11"), Trait("Rule", "NOD-3")]
    public async Task A_script_that_changes_under_its_version_is_obeyed()
    {
        var (account, outside) = (await Account.OpenAsync(_node), Outside());
        await account.RouteAsync(r => r.ForwardAll(outside));
        await account.DeliverTextAsync("Subject: before", Gtube);
        await ForwardedAsync(outside, "before");
        await account.RewriteAsync(r => r.ForwardAll(outside), new RoutingSettings(ForwardSpam: false));
        await account.DeliverTextAsync("Subject: spam", Gtube);
        await account.DeliverTextAsync("Subject: ham", "text");
        await Eventually.Async(account.InboxAsync, i => i.Count == 3, Long);
        Assert.Equal(["before", "ham"], await ForwardedAsync(outside, "ham"));
    }

    [Fact, Trait("Rule", "RTE-8")]
    public async Task Spam_gets_no_reply()
    {
        var account = await Account.OpenAsync(_node);
        await account.RouteAsync(r => r with { Autoreply = "not here" });
        var (spammer, person) = (Outside(), Outside());
        foreach (var (sender, text) in new[] { (spammer, Gtube), (person, "text") })
            await _node.DeliverRawAsync(account.Address, Bytes($"From: {sender}\nTo: {account.Address}\nSubject: hello\nMessage-ID: <{Guid.NewGuid():N}@outside.test>\n\n{text}\n"), sender);
        await Eventually.Async(() => _node.Outside.Recipients.Contains(person), Long);
        Assert.DoesNotContain(spammer, _node.Outside.Recipients);
    }

    private static string Outside() => $"{Guid.NewGuid():N}@outside.test";

    private async Task<IReadOnlyList<string>> ForwardedAsync(string to, string last) => await Eventually.Async(
        () => _node.Outside.Deliveries.Where(d => d.Recipients.Contains(to)).Select(d => d.Raw.Split("Subject: ")[1].Split('\r')[0]).ToList(), subjects => subjects.Contains(last), Long);
}
