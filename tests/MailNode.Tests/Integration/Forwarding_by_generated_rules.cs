using System.Globalization;
using System.Text;
using CsCheck;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>Dovecot forwards what an evaluation without Sieve says, for generated rules and messages.</summary>
public sealed class Forwarding_by_generated_rules(NodeFixture fixture) : IClassFixture<NodeFixture>
{
    private const int MessagesEach = 10;
    private static readonly int Accounts = Campaign.Size("rules", everyDay: 8);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(120);
    private readonly MailNodeUnderTest _node = fixture.Node;

    private sealed record Case(string Id, Account Account, IReadOnlyList<ForwardingRule> Rules, IReadOnlyList<GeneratedMail> Messages);

    [Fact, Trait("Rule", "RTE-4"), Trait("Rule", "RTE-1"), Trait("Size", "rules")]
    public async Task Dovecot_forwards_what_an_evaluation_without_Sieve_says()
    {
        _node.Outside.TakesEightBits = true;
        var chance = new PCG(1, (ulong)Campaign.Seed);
        var cases = await Task.WhenAll(Enumerable.Range(0, Accounts).Select(_ => OpenAsync(chance)).ToList());
        await Parallel.ForEachAsync(cases, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (c, _) => await DeliverAsync(c));
        // A script has run before Dovecot accepts the message: what it forwards is in the queue by then.
        await Eventually.Async(_node.QueueAsync, queue => queue.Count == 0, Long);

        var delivered = _node.Outside.Deliveries.SelectMany(d => d.Recipients.Select(r => (Message: NumberOf(d.Raw), To: r))).ToLookup(d => d.Message, d => d.To);
        var wrong = cases.SelectMany(c => c.Messages.Select((m, i) => Disagreement(c, m, delivered[Number(c, i)]))).Where(d => d is not null).ToList();
        Assert.True(wrong.Count == 0, $"Seed {Campaign.Seed}: {wrong.Count} of {Accounts * MessagesEach} messages\n{string.Join('\n', wrong)}");
        foreach (var c in cases) Assert.Equal(MessagesEach, (await c.Account.InboxAsync()).Count);
        // A script that does not compile, or fails, is an error in Dovecot's log, and the mail is stored as it comes.
        Assert.DoesNotContain(_node.ServerLogs.Split('\n'), l => l.Contains("sieve", StringComparison.OrdinalIgnoreCase) && !l.Contains("Info: ", StringComparison.Ordinal));
    }

    // Chance is asked before anything is awaited, so that the same seed makes the same cases.
    private Task<Case> OpenAsync(PCG chance)
    {
        var id = chance.Next().ToString("x8", CultureInfo.InvariantCulture);
        var messages = GeneratedMail.Any.Array[MessagesEach].Generate(chance, null, out _);
        var rules = GeneratedRules.For(messages, id).Generate(chance, null, out _);
        return OpenAsync(id, rules, messages);
    }

    private async Task<Case> OpenAsync(string id, IReadOnlyList<ForwardingRule> rules, IReadOnlyList<GeneratedMail> messages)
    {
        var account = await Account.OpenAsync(_node);
        await account.RouteAsync(r => r with { Rules = [.. rules] });
        return new(id, account, rules, messages);
    }

    // As from Postfix, whose line is above all others.
    private async Task DeliverAsync(Case c)
    {
        using var connection = await MailConnection.LmtpAsync(_node);
        for (var i = 0; i < c.Messages.Count; i++)
        {
            var above = string.Create(CultureInfo.InvariantCulture, $"Received: from a (b [192.0.2.1])\r\n\tby mail (Postfix) with ESMTP id {c.Id}{i}\r\n\tfor <x@y.test>; Thu, 26 Nov 2026 10:00:00 +0900\r\nX-Number: {Number(c, i)}\r\n");
            await connection.SendAsync(c.Messages[i].Sender, c.Account.Address, [.. Encoding.ASCII.GetBytes(above), .. c.Messages[i].Header, .. "\r\nbody\r\n"u8]);
        }
    }

    private static string? Disagreement(Case c, GeneratedMail message, IEnumerable<string> delivered)
    {
        var (expected, actual) = (RuleEvaluation.Destinations(c.Rules, message.Header), delivered.Order(StringComparer.Ordinal).ToList());
        if (expected.SequenceEqual(actual)) return null;
        var rules = c.Rules.Where(r => expected.Contains(r.Destinations[0]) != actual.Contains(r.Destinations[0]))
            .Select(r => $"{r.Condition} «{r.Keyword}» {(expected.Contains(r.Destinations[0]) ? "should match" : "should not match")} «{string.Join("» or «", RuleEvaluation.Values(message.Header, r.Condition))}»");
        return $"{Encoding.UTF8.GetString(message.Header)}{string.Join('\n', rules)}\nexpected {string.Join(' ', expected)}\nbut was  {string.Join(' ', actual)}\n";
    }

    private static string Number(Case c, int message) => string.Create(CultureInfo.InvariantCulture, $"{c.Id}{message}");

    private static string NumberOf(string raw) => raw.Split("X-Number: ", 2)[1].Split('\r', 2)[0];
}
