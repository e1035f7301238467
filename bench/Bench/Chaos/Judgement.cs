using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using MailKit;

namespace Hikyaku.Bench.Chaos;

/// <summary>What must hold when the killing is over.</summary>
internal sealed partial class Judgement(RunningPlatform platform, PatientClient client)
{
    // A duplicate within this time of a killed mail server is allowed by SMTP: the answer was lost, not the message.
    private static readonly TimeSpan LostAnswer = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Delivery = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan FeedIsSilentFor = TimeSpan.FromSeconds(6);

    /// <summary>What is wrong.</summary>
    public List<string> Wrong { get; } = [];

    /// <summary>Copies that SMTP's at-least-once accounts for.</summary>
    public int ExplainedCopies { get; private set; }

    /// <summary>Every acknowledged command is in the history exactly once.</summary>
    public async Task CommandsAsync(IEnumerable<CommandedAccount> accounts)
    {
        foreach (var account in accounts.Where(a => a.DeletionJob is null))
        {
            var history = await HistoryAsync(account.Address);
            Once(account, history, "accounts.mail-account-created", "capacityMb", ["10"]);
            Once(account, history, "accounts.mail-account-capacity-changed", "capacityMb", account.Capacities.Select(c => $"{c}"));
            Once(account, history, "accounts.mail-account-comment-changed", "comment", account.Comments);
            var passwords = history.Count(e => e!["type"]!.GetValue<string>() == "accounts.mail-account-password-changed");
            if (passwords != account.Passwords) Wrong.Add($"{account.Address}: {account.Passwords} password changes were acknowledged, {passwords} are in the history");
        }
    }

    /// <summary>Deletions that were acknowledged come to their end.</summary>
    public async Task DeletionsAsync(IEnumerable<CommandedAccount> accounts, TimeSpan within)
    {
        var until = DateTime.UtcNow + within;
        foreach (var account in accounts.Where(a => a.DeletionJob is not null))
        {
            if ((await client.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{account.Address}")).Status != System.Net.HttpStatusCode.NotFound) Wrong.Add($"{account.Address}: it is deleted and still there");
            if (account.DeletionJob!.Length == 0) continue;
            string? state = null;
            while (state != "succeeded" && DateTime.UtcNow < until) state = (await client.SendAsync(HttpMethod.Get, $"/api/v1/jobs/{account.DeletionJob}")).Body?["state"]?.GetValue<string>();
            if (state != "succeeded") Wrong.Add($"{account.Address}: its deletion is {state}");
        }
    }

    /// <summary>
    /// Every acknowledged command of accounts that are gone is in the feed exactly once. Erased events no longer name
    /// the address, so the commands of each erased account must equal those of one account id in the feed.
    /// </summary>
    public async Task ErasedAsync(IEnumerable<CommandedAccount> accounts, string domain)
    {
        var told = (await FeedAsync(domain)).Where(e => !e["subject"]!.GetValue<string>().Contains('@', StringComparison.Ordinal)).GroupBy(e => e["subject"]!.GetValue<string>())
            .Select(events => Life(
                events.Where(e => Is(e, "capacity-changed")).Select(e => e["data"]!["capacityMb"]!.GetValue<int>()),
                events.Count(e => Is(e, "comment-changed")), events.Count(e => Is(e, "password-changed")), events.Count(e => Is(e, "created")), events.Count(e => Is(e, "deletion-started"))));
        var acknowledged = accounts.Where(a => a.DeletionJob is not null).Select(a => Life(a.Capacities, a.Comments.Count, a.Passwords, creations: 1, deletions: 1));
        var (left, right) = (told.CountBy(l => l).ToHashSet(), acknowledged.CountBy(l => l).ToHashSet());
        Wrong.AddRange(right.Except(left).Select(l => $"Acknowledged and not told by the feed so often ({l.Value}): an account with {l.Key}"));
        Wrong.AddRange(left.Except(right).Select(l => $"Told by the feed and not acknowledged so often ({l.Value}): an account with {l.Key}"));

        static bool Is(JsonNode e, string type) => e["type"]!.GetValue<string>() == $"accounts.mail-account-{type}";
        static string Life(IEnumerable<int> capacities, int comments, int passwords, int creations, int deletions)
            => $"{creations} creations, {deletions} deletions, {comments} comments, {passwords} passwords and the capacities [{string.Join(' ', capacities.Order())}]";
    }

    /// <summary>The last acknowledged password opens the mailbox.</summary>
    public async Task LoginsAsync(IEnumerable<CommandedAccount> accounts)
    {
        foreach (var account in accounts.Where(a => a.DeletionJob is null))
        {
            try
            {
                using var imap = await platform.ImapAsync(account.Address, account.Password);
            }
            catch (MailKit.Security.AuthenticationException e)
            {
                Wrong.Add($"{account.Address}: its last password is refused: {e.Message}");
            }
        }
    }

    /// <summary>Every accepted message is in its mailbox, or has gone to the outside, once. A further copy is a fault unless a lost answer explains it.</summary>
    public async Task MailAsync(IReadOnlyCollection<AcceptedMessage> accepted, IReadOnlyList<Kill> kills)
    {
        foreach (var mailbox in accepted.GroupBy(m => m.To))
        {
            HashSet<string> ids = [.. mailbox.Select(m => m.Id)];
            var copies = mailbox.Key.EndsWith(MailLoad.FarDomain, StringComparison.Ordinal) ? await SentAsync(ids) : await CopiesAsync(mailbox.Key, ids);
            foreach (var message in mailbox)
            {
                var times = copies[message.Id].Order().ToList();
                if (times.Count == 0) Wrong.Add($"{message.Id} for {message.To} was accepted and is not there");
                var explained = message.Unanswered + times.Skip(1).Count(at => kills.Any(k => k.Program is "dovecot" or "postfix" && (k.At - times[0]).Duration() < LostAnswer));
                ExplainedCopies += Math.Min(explained, Math.Max(0, times.Count - 1));
                if (times.Count - 1 > explained) Wrong.Add($"{message.Id} for {message.To} is there {times.Count} times");
            }
        }
    }

    // Everything that the feed has about a domain's accounts.
    private async Task<List<JsonNode>> FeedAsync(string domain)
    {
        var events = new List<JsonNode>();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/events?after=0&domain={domain}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await platform.TokenAsync());
        using var answer = await platform.Gateway.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using var stream = await answer.Content.ReadAsStreamAsync();
        using var silence = new CancellationTokenSource(FeedIsSilentFor);
        try
        {
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(silence.Token))
            {
                silence.CancelAfter(FeedIsSilentFor);
                var e = JsonNode.Parse(item.Data)!;
                if (e["type"]!.GetValue<string>().StartsWith("accounts.mail-account-", StringComparison.Ordinal)) events.Add(e);
            }
        }
        catch (OperationCanceledException)
        {
            // the feed has sent everything
        }

        return events;
    }

    private async Task<ILookup<string, DateTimeOffset>> CopiesAsync(string account, HashSet<string> ids)
    {
        using var imap = await platform.ImapAsync(account, RunningPlatform.Password);
        await imap.Inbox.OpenAsync(FolderAccess.ReadOnly);
        for (var until = DateTime.UtcNow + Delivery; ;)
        {
            await imap.NoOpAsync();
            var there = (await imap.Inbox.FetchAsync(0, -1, MessageSummaryItems.Envelope | MessageSummaryItems.InternalDate))
                .Where(m => m.Envelope?.MessageId is not null).ToLookup(m => m.Envelope!.MessageId!, m => m.InternalDate ?? default);
            if (ids.All(there.Contains) || DateTime.UtcNow > until) return there;
            await Task.Delay(500);
        }
    }

    private async Task<ILookup<string, DateTimeOffset>> SentAsync(HashSet<string> ids)
    {
        using var outbox = new HttpClient();
        for (var until = DateTime.UtcNow + Delivery; ;)
        {
            var messages = await outbox.GetFromJsonAsync<JsonArray>($"{platform.Endpoints["outbox"]}/messages");
            var there = messages!.ToLookup(m => MessageId().Match(m!["raw"]!.GetValue<string>()).Groups[1].Value, m => m!["receivedAt"]!.GetValue<DateTimeOffset>());
            if (ids.All(there.Contains) || DateTime.UtcNow > until) return there;
            await Task.Delay(500);
        }
    }

    [GeneratedRegex(@"^Message-Id:\s*<([^>]*)>", RegexOptions.IgnoreCase | RegexOptions.Multiline)]
    private static partial Regex MessageId();

    private void Once(CommandedAccount account, JsonArray history, string type, string field, IEnumerable<string> acknowledged)
    {
        var told = history.Where(e => e!["type"]!.GetValue<string>() == type).Select(e => e!["data"]![field]!.ToString()).Order(StringComparer.Ordinal).ToList();
        var expected = acknowledged.Order(StringComparer.Ordinal).ToList();
        if (!told.SequenceEqual(expected)) Wrong.Add($"{account.Address}: {type} is in the history {told.Count} times ({string.Join(", ", told)}), acknowledged {expected.Count} times ({string.Join(", ", expected)})");
    }

    private async Task<JsonArray> HistoryAsync(string address)
    {
        var (all, until) = (new JsonArray(), DateTime.UtcNow + Delivery);
        for (var cursor = ""; ;)
        {
            var page = (await client.SendAsync(HttpMethod.Get, $"/api/v1/accounts/{address}/history?limit=500{cursor}")).Body!;
            if (page["unavailable"] is not null && DateTime.UtcNow < until) continue; // a service was too slow to answer; what it knows is not in the page
            foreach (var item in page["items"]!.AsArray()) all.Add(item!.DeepClone());
            if (page["next"] is not { } next) return all;
            cursor = $"&cursor={next.GetValue<string>()}";
        }
    }
}
