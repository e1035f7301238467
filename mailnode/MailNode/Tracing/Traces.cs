using System.Net.Sockets;
using System.Text.RegularExpressions;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Spam.Contracts;
using MassTransit;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Says what would happen to a message for an account of this node (OPS-4), by the servers that deliver: the same Rspamd judges it
/// (<see cref="SampleJudge"/>), and the account's own script is run on it (<see cref="SieveTest"/>).
/// </summary>
public sealed partial class Traces(NodeSettings settings, Replica replica, SampleJudge judge, SieveTest sieve, IBus bus, ILogger<Traces> logger)
    : Questions<TraceAsked>(bus, Patience)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(18);
    private static readonly TimeSpan PatienceForSpace = TimeSpan.FromSeconds(3);

    /// <inheritdoc/>
    protected override async Task<object?> AnswerAsync(TraceAsked asked, CancellationToken stop)
    {
        if (await replica.WriteAsync(r => asked.Settings is { } earlier ? MailboxAt(r, asked.AccountId, earlier) : MailboxOf(r, asked.AccountId), stop) is not { } mailbox) return null;
        var message = Convert.FromBase64String(asked.Message);
        var answer = new MessageTraced(settings.Node, asked.RequestId, mailbox.RoutingVersion, mailbox.SpamVersion, null, null, [], false, []);
        // How full it was earlier nobody knows.
        if (asked.Settings is null && mailbox.AsksForSpace && await RefusalAsync(mailbox.Address, message.Length, stop) is { } refused) return answer with { Refused = refused };
        var judged = await judge.JudgeAsync(asked.Sender, mailbox.Address, message, stop);
        if (judged is null && settings is { UnscannedPasses: true, Rspamd: not null }) judged = SampleJudge.Unjudged(message);
        if (judged is null or { Waits: true }) return answer; // without a verdict
        if (judged.Refused is { } refusal) return answer with { Refused = refusal };
        var verdict = new DeliveryVerdict(judged.Virus is not null ? "virus" : judged.Spam ? "spam" : judged.Unscanned ? "unscanned" : "ham", judged.Score, judged.Virus);
        answer = answer with { Verdict = verdict, Reasons = judged.Reasons };
        if (judged.Virus is not null) return answer;
        if (mailbox.Script.Length == 0) return answer with { Stored = "INBOX" };
        if (await sieve.RunAsync(mailbox.Script, asked.Sender, mailbox.Address, judged.Message, stop) is not { } done) return null;
        // Where the account receives mail, its script drops nothing else.
        if (done.Stored is null && mailbox.Receives) return answer with { Looped = true };
        return answer with { Stored = done.Stored, Replied = done.Replied, Forwards = await ForwardsAsync(asked, done.RedirectedTo, stop) };
    }

    private static Mailbox? MailboxOf(SqliteConnection replica, string accountId) => replica.All(
        """
        SELECT p.address, s.body, s.version, coalesce((SELECT version FROM spam WHERE account_id = p.account_id), 0), c.capacity = 'capacity_here',
            coalesce((SELECT receives FROM routing WHERE account_id = p.account_id), 1)
        FROM placed AS p JOIN script AS s ON s.address = p.address JOIN postfix_capacity AS c ON c.address = p.address WHERE p.is_here AND p.account_id = $1
        """, row => new Mailbox(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3), row.GetBoolean(4), row.GetBoolean(5)), accountId) is [var mailbox] ? mailbox : null;

    // By the same views, which see the earlier settings for a moment within the transaction.
    private static Mailbox? MailboxAt(SqliteConnection replica, string accountId, TracedSettings earlier)
    {
        replica.Run("SAVEPOINT earlier");
        try
        {
            replica.Run(
                "INSERT OR REPLACE INTO routing (account_id, receives, replies, script, version, position) VALUES ($1, $2, 0, $3, $4, 0)",
                accountId, earlier.Receives ? 1 : 0, earlier.Script, earlier.RoutingVersion);
            replica.Run(
                "INSERT OR REPLACE INTO spam (account_id, tag, sort, version, position) VALUES ($1, $2, $3, $4, 0)",
                accountId, earlier.TagSubject ? 1 : 0, earlier.SortToJunk ? 1 : 0, earlier.SpamVersion);
            replica.Run(
                "INSERT OR REPLACE INTO domain_standing (domain, in_force, version, position) SELECT domain, $1, 0, 0 FROM holder WHERE account_id = $2", earlier.InForce ? 1 : 0, accountId);
            return MailboxOf(replica, accountId);
        }
        finally
        {
            replica.Run("ROLLBACK TO earlier");
            replica.Run("RELEASE earlier");
        }
    }

    // As Postfix asks at RCPT; null when there is space, or nobody answers, whereupon Postfix takes the message.
    private async Task<string?> RefusalAsync(string address, int size, CancellationToken stop)
    {
        if (settings.Advertised is not { QuotaPort: > 0 and var port, Host: var host }) return null;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(PatienceForSpace);
        try
        {
            var action = await PolicyService.AskAsync(host, port, ["request=smtpd_access_policy", "protocol_state=RCPT", $"recipient={address}", $"size={size}"], limit.Token);
            return action is [>= '4' and <= '5', ..] ? action : null;
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            return null;
        }
    }

    // A script redirects once, to the numbers of the rules that match; Postfix puts their destinations in.
    private async Task<IReadOnlyList<TracedForward>> ForwardsAsync(TraceAsked asked, IReadOnlyList<string> redirected, CancellationToken stop)
    {
        var rules = redirected.SelectMany(r => Rules().Match(r) is { Success: true } m ? m.Groups[1].Value.Split('-', StringSplitOptions.RemoveEmptyEntries) : []).Select(long.Parse).ToList();
        if (rules.Count == 0) return [];
        if (asked.Settings is { } earlier) return [.. earlier.Forwards.Where(f => rules.Contains(f.Rule)).Select(f => new TracedForward(f.Rule, f.Destination))];
        return await replica.WriteAsync(r => r.All(
            "SELECT rule, destination FROM forward WHERE account_id = $1 AND rule IN (SELECT value FROM json_each($2)) ORDER BY rule, destination",
            row => new TracedForward(row.GetInt64(0), row.GetString(1)), asked.AccountId, $"[{string.Join(',', rules)}]"), stop);
    }

    private sealed record Mailbox(string Address, string Script, long RoutingVersion, long SpamVersion, bool AsksForSpace, bool Receives);

    [GeneratedRegex(@"^[^.]*\.((?:-\d{1,6})+)\.")]
    private static partial Regex Rules();

    /// <inheritdoc/>
    protected override void LogFailed(Exception e, TraceAsked asked) => LogNotAnswered(e, asked.AccountId);

    [LoggerMessage(1, LogLevel.Warning, "A message for {AccountId} could not be traced")]
    private partial void LogNotAnswered(Exception e, string accountId);
}
