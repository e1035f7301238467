using System.Text;
using System.Text.RegularExpressions;
using Hikyaku.Platform.Testing;
using MailKit;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Mail that people really got is judged: every message has a verdict, none is lost or doubled, and nothing else of it is changed.</summary>
[Collection(OneNodeWithScanner.Name)]
public sealed partial class Judging_a_corpus(NodeWithScanner fixture)
{
    private const int Connections = 4;
    private static readonly int Messages = Campaign.Size("verdicts", everyDay: 30);
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);
    private readonly MailNodeUnderTest _node = fixture.Node;

    [Fact, Trait("Rule", "SPM-1"), Trait("Size", "verdicts")]
    public async Task Every_real_message_has_a_verdict_and_no_other_byte_is_changed()
    {
        var all = SpamAssassinCorpus.Read();
        var sent = all.Where((_, i) => i * Messages / all.Count != (i + 1) * Messages / all.Count).ToList();
        var account = await Account.OpenAsync(_node, capacityMb: 400);
        await Parallel.ForEachAsync(Enumerable.Range(0, Connections), new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (first, _) =>
        {
            using var connection = await MailConnection.SmtpAsync(_node);
            for (var i = first; i < sent.Count; i += Connections) await connection.SendAsync(sent[i].Sender, account.Address, sent[i].Bytes);
        });
        using var imap = await account.LoggedInAsync();
        await Eventually.Async(async () =>
        {
            await imap.Inbox!.StatusAsync(StatusItems.Count);
            return imap.Inbox.Count;
        }, count => count >= sent.Count, Long);

        // What mailboxes of 2002 had of verdicts of others is taken out.
        var known = new MessagesByDigest(sent.ConvertAll(m => new CorpusMessage(m.Name, m.Sender, WithoutVerdicts(m.Bytes))));
        await imap.Inbox!.OpenAsync(FolderAccess.ReadOnly);
        var (names, spam) = (new List<string?>(), 0);
        for (var i = 0; i < imap.Inbox.Count; i++)
        {
            using var stream = await imap.Inbox.GetStreamAsync(i);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes);
            var head = Encoding.Latin1.GetString(bytes.ToArray()).Split("\r\n\r\n")[0];
            foreach (var field in new[] { "X-Spam-Flag: (YES|NO)", "X-Spam-Score: -?[0-9.]+", "X-Spam-Status: (Yes|No), score=-?[0-9.]+", "X-Virus-Status: (clean|unscanned)" })
                Assert.Single(Regex.Matches(head, $"^{field}\r?$", RegexOptions.Multiline));
            if (head.Contains("X-Spam-Flag: YES", StringComparison.Ordinal)) spam++;
            names.Add(known.Find(bytes.ToArray())?.Name);
        }

        Assert.Empty(sent.Select(m => m.Name).Except(names)); // names what is lost or changed
        Assert.Equal(sent.Select(m => m.Name).Order(StringComparer.Ordinal), names.Select(n => n ?? "changed").Order(StringComparer.Ordinal));
        TestContext.Current.TestOutputHelper!.WriteLine($"{sent.Count} messages, {spam} judged spam");
    }

    private static byte[] WithoutVerdicts(byte[] message)
    {
        var text = Encoding.Latin1.GetString(message);
        var header = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 2;
        return Encoding.Latin1.GetBytes(Verdict.Replace(text[..header], "") + text[header..]);
    }

    [GeneratedRegex("^(X-Spam-[^: \t]*|X-Virus-Status)[ \t]*:[^\n]*\n([ \t][^\n]*\n)*", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Verdict { get; }
}
