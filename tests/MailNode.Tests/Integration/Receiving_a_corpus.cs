using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Thousands of messages that people really got come to an account that forwards and replies.</summary>
public sealed class Receiving_a_corpus(NodeFixture fixture) : IClassFixture<NodeFixture>
{
    private const int Connections = 8;
    private static readonly int Messages = Campaign.Size("corpus", everyDay: 60);
    private const string ByFrom = "by-from@outside.test", BySubject = "by-subject@outside.test";
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(8);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "RTE-1"), Trait("Rule", "RTE-4"), Trait("Rule", "RTE-5"), Trait("Rule", "RTE-8"), Trait("Rule", "RTE-10"), Trait("Size", "corpus")]
    public async Task Of_real_messages_none_is_lost_none_doubled_and_no_byte_changed()
    {
        _node.Outside.TakesEightBits = true;
        var all = SpamAssassinCorpus.Read();
        Assert.Equal(SpamAssassinCorpus.Count, all.Count);
        // As many of them as are wanted, from everywhere among them.
        var sent = all.Where((_, i) => i * Messages / all.Count != (i + 1) * Messages / all.Count).ToList();
        // Its mail comes from the corpus: 763 messages name it in To or Cc, so that they may be replied to.
        var account = await Account.OpenAsync(_node, capacityMb: 200, domain: "spamassassin.taint.org", name: "yyyy");
        var neighbour = await Account.OpenAsync(_node, capacityMb: 200);
        ForwardingRule[] rules =
        [
            new(1, Conditions.From, "YAHOO", [ByFrom]), new(2, Conditions.Subject, "re:", [BySubject]), new(3, Conditions.All, null, [neighbour.Address]),
        ];
        await account.RouteAsync(r => r with { Rules = [.. rules], Autoreply = "I am away." });

        var watch = Stopwatch.StartNew();
        await SendAsync(sent, account.Address);
        var taken = watch.Elapsed;
        // Postfix lists its queue slowly as long as thousands of messages are in it.
        foreach (var mailbox in new[] { account, neighbour }) await Eventually.Async(() => StoredCount(mailbox), stored => stored >= sent.Count, Long);
        await Eventually.Async(_node.QueueAsync, queue => queue.Count == 0, Long);
        TestContext.Current.TestOutputHelper!.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{sent.Count} messages: accepted in {taken.TotalSeconds:0} s, delivered and forwarded in {watch.Elapsed.TotalSeconds:0} s"));

        var known = new MessagesByDigest(sent);
        AssertSame(sent, await StoredAsync(account, known));
        AssertSame(sent, await StoredAsync(neighbour, known));
        foreach (var rule in rules.Where(r => r.Keyword is not null))
            AssertSame(sent.Where(m => RuleEvaluation.Destinations([rule], m.Passed).Count > 0), Delivered(rule.Destinations[0]).Select(d => known.Find(Encoding.Latin1.GetBytes(d.Raw))));
        AssertReplies(sent);
    }

    private async Task SendAsync(List<CorpusMessage> sent, string to)
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, Connections), new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (first, _) =>
        {
            using var connection = await MailConnection.SmtpAsync(_node);
            for (var i = first; i < sent.Count; i += Connections) await connection.SendAsync(sent[i].Sender, to, sent[i].Bytes);
        });
    }

    private static int StoredCount(Account account) => Directory.EnumerateFiles(Path.Combine(account.Folder(), "Maildir", "new")).Count();

    private static async Task<IReadOnlyList<CorpusMessage?>> StoredAsync(Account account, MessagesByDigest known)
    {
        using var client = await account.LoggedInAsync();
        await client.Inbox!.OpenAsync(MailKit.FolderAccess.ReadOnly);
        var stored = new List<CorpusMessage?>();
        for (var i = 0; i < client.Inbox.Count; i++)
        {
            using var stream = await client.Inbox.GetStreamAsync(i);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            stored.Add(known.Find(bytes.ToArray()));
        }

        return stored;
    }

    private static void AssertSame(IEnumerable<CorpusMessage> expected, IEnumerable<CorpusMessage?> actual)
    {
        var (names, found) = (expected.Select(m => m.Name).ToList(), actual.ToList());
        Assert.Empty(names.Except(found.Where(m => m is not null).Select(m => m!.Name))); // lost
        Assert.Equal(0, found.Count(m => m is null)); // changed
        Assert.Equal(names.Count, found.Count); // doubled
    }

    // Nobody else gets a reply than who has sent. That it is one a day is tested elsewhere, for messages that do not come at the same
    // moment: of several that Dovecot stores at once each may be replied to.
    private void AssertReplies(List<CorpusMessage> sent)
    {
        var replies = _node.Outside.Deliveries.Where(d => d.Sender.Length == 0 && d.Raw.Contains("auto-replied", StringComparison.Ordinal)).ToList();
        var to = replies.Select(r => Assert.Single(r.Recipients)).ToList();
        Assert.NotEmpty(to);
        Assert.Equal(to.Count, to.Distinct(StringComparer.OrdinalIgnoreCase).Count());
        Assert.Subset(sent.Select(m => m.Sender).ToHashSet(StringComparer.OrdinalIgnoreCase), to.ToHashSet(StringComparer.OrdinalIgnoreCase));
    }

    private IEnumerable<OutsideDelivery> Delivered(string to) => _node.Outside.Deliveries.Where(d => d.Recipients.Contains(to));
}
