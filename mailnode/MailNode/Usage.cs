using Hikyaku.MailNode.Contracts;
using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>
/// Measures mailboxes and tells what has changed: those that Dovecot hinted at within seconds, and all of them in turn, some
/// at a time, so that a hint that was lost is made up for. What was measured stands in the replica until the broker has it.
/// </summary>
public sealed partial class Usage(NodeSettings settings, Replica replica, Doveadm doveadm, MailChanges changes, IBus bus, TimeProvider time, ILogger<Usage> logger)
    : BackgroundService
{
    private const int HintsAtOnce = 200;
    private const int InTurnAtOnce = 500;
    private const int AskedInTurnAtOnce = 20; // each costs Dovecot some milliseconds
    private const int InOneMessage = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Turn = TimeSpan.FromHours(1);
    private static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var begun = false;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                // Hints were lost while no agent was there.
                if (!begun) await replica.WriteAsync(r => r.Run("UPDATE usage SET measured_at = 1 WHERE measured_at > 1"), stoppingToken);
                begun = true;
                await MeasureAsync(await DueAsync(stoppingToken), stoppingToken);
                await TellAsync(stoppingToken);
            }
            catch (Exception e) when (e is Microsoft.Data.Sqlite.SqliteException or MassTransitException
                || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
            {
                LogFailed(e);
            }
        }
    }

    private Task<List<Mailbox>> DueAsync(CancellationToken stop)
    {
        var hinted = changes.Take(HintsAtOnce);
        var asked = 0;
        var before = (time.GetUtcNow() - Turn).ToUnixTimeMilliseconds();
        return replica.WriteAsync(r =>
        {
            var due = r.All("SELECT u.account_id, m.address FROM usage AS u JOIN mailbox AS m USING (account_id) WHERE u.measured_at < $1 ORDER BY u.measured_at LIMIT $2",
                row => new Mailbox(row.GetString(0), row.GetString(1)), before, InTurnAtOnce)
                .FindAll(m => !settings.HasMailFolder(m.AccountId) || asked++ < AskedInTurnAtOnce);
            foreach (var login in hinted)
            {
                due.AddRange(r.All("SELECT account_id, address FROM placed WHERE is_here AND (address = $1 OR unicode_address = $1)", row => new Mailbox(row.GetString(0), row.GetString(1)), login));
            }

            return due.Distinct().ToList();
        }, stop);
    }

    private async Task MeasureAsync(List<Mailbox> due, CancellationToken stop)
    {
        if (due.Count == 0) return;
        var at = time.GetUtcNow().ToUnixTimeMilliseconds();
        var asked = due.FindAll(m => settings.HasMailFolder(m.AccountId));
        var used = asked.Count == 0 ? new Dictionary<string, long>() : await doveadm.UsedBytesAsync([.. asked.Select(m => m.Address)], stop);
        if (used is null)
        {
            foreach (var mailbox in asked) changes.Note(mailbox.Address);
            return;
        }

        await replica.WriteAsync(r =>
        {
            foreach (var (id, address) in due)
            {
                var bytes = asked.Contains(new(id, address)) ? used.GetValueOrDefault(address, -1) : 0;
                // One that Dovecot cannot tell keeps its value and comes again in its turn.
                r.Run("UPDATE usage SET used_bytes = CASE WHEN $2 < 0 THEN used_bytes ELSE $2 END, measured_at = $3 WHERE account_id = $1", id, bytes, at);
            }

            return true;
        }, stop);
    }

    private async Task TellAsync(CancellationToken stop)
    {
        var news = await replica.WriteAsync(
            r => r.All("SELECT account_id, used_bytes FROM usage WHERE measured_at > 0 AND reported_bytes IS NOT used_bytes LIMIT $1",
                row => new MailboxUsage(row.GetString(0), row.GetInt64(1)), InOneMessage), stop);
        if (news.Count == 0) return;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(BrokerPatience);
        await bus.Publish(new MailboxUsageMeasured(settings.Node, time.GetUtcNow(), news), limit.Token);
        await replica.WriteAsync(r => news.Sum(n => r.Run("UPDATE usage SET reported_bytes = $2 WHERE account_id = $1", n.AccountId, n.UsedBytes)), stop);
    }

    private sealed record Mailbox(string AccountId, string Address);

    [LoggerMessage(1, LogLevel.Warning, "Measured mailboxes are not told yet; tried again")]
    private partial void LogFailed(Exception e);
}
