using System.Threading.Channels;
using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using MassTransit;

namespace Hikyaku.MailNode;

/// <summary>
/// Measures mailboxes and tells what has changed: those that Dovecot hinted at within seconds, and all of them in turn, some
/// at a time, so that a hint that was lost is made up for. What was measured stands in the replica until the broker has it.
/// Mailboxes that the service asks about are measured and told at once.
/// </summary>
public sealed partial class Usage(NodeSettings settings, Replica replica, Doveadm doveadm, MailChanges changes, IBus bus, TimeProvider time, ILogger<Usage> logger)
    : BackgroundService
{
    private const int HintsAtOnce = 200;
    private const int InTurnAtOnce = 500;
    private const int AskedInTurnAtOnce = 20; // each costs Dovecot some milliseconds
    private const int InOneMessage = 500;
    private const int AskedAndWaiting = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Turn = TimeSpan.FromHours(1);
    private static readonly TimeSpan BrokerPatience = TimeSpan.FromSeconds(10);

    // The oldest question may be dropped, as the service repeats it.
    private readonly Channel<MailboxMeasurementAsked> _asked = Channel.CreateBounded<MailboxMeasurementAsked>(
        new BoundedChannelOptions(AskedAndWaiting) { FullMode = BoundedChannelFullMode.DropOldest });

    // Measures one batch at a time, so that two measurements of a mailbox are told in their order.
    private readonly SemaphoreSlim _oneAtATime = new(1);

    /// <summary>Measures and tells as soon as it can; nothing when Dovecot or the broker does not answer.</summary>
    public void Ask(MailboxMeasurementAsked asked) => _asked.Writer.TryWrite(asked);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _oneAtATime.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.WhenAll(MeasureInTurnAsync(stoppingToken), AnswerAsync(stoppingToken));

    private async Task MeasureInTurnAsync(CancellationToken stop)
    {
        var begun = false;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stop))
        {
            await TryAsync(async () =>
            {
                // Dovecot's notifications were lost while no agent ran, so every mailbox is due for a measurement.
                if (!begun) await replica.WriteAsync(r => r.Run("UPDATE usage SET measured_at = 1 WHERE measured_at > 1"), stop);
                begun = true;
                await MeasureAsync(await DueAsync(stop), stop);
                await TellAsync(stop);
            }, stop);
        }
    }

    private async Task AnswerAsync(CancellationToken stop)
    {
        await foreach (var asked in _asked.Reader.ReadAllAsync(stop)) await TryAsync(() => AnswerAsync(asked, stop), stop);
    }

    private async Task TryAsync(Func<Task> what, CancellationToken stop)
    {
        await _oneAtATime.WaitAsync(stop);
        try
        {
            await what();
        }
        catch (Exception e) when (FactSender.IsForTheNextRound(e) && !stop.IsCancellationRequested)
        {
            LogFailed(e);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    private async Task AnswerAsync(MailboxMeasurementAsked asked, CancellationToken stop)
    {
        var here = await replica.WriteAsync(r => asked.AccountIds.SelectMany(id => r.All(
            "SELECT account_id, address FROM placed WHERE is_here AND account_id = $1", row => new Mailbox(row.GetString(0), row.GetString(1)), id)).ToList(), stop);
        if (await UsedAsync(here, stop) is not { Count: > 0 } used) return;
        await PublishAsync(used, asked.RequestId, stop);
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
        if (await UsedAsync(due, stop) is not { } used)
        {
            foreach (var mailbox in due.Where(m => settings.HasMailFolder(m.AccountId))) changes.Note(mailbox.Address);
            return;
        }

        var bytesOf = used.ToDictionary(u => u.AccountId, u => u.UsedBytes);
        await replica.WriteAsync(r =>
        {
            // If Dovecot cannot tell a mailbox's size, the old value stays, and the mailbox is measured again in its turn.
            foreach (var (id, _) in due)
                r.Run("UPDATE usage SET used_bytes = coalesce($2, used_bytes), measured_at = $3 WHERE account_id = $1", id, bytesOf.TryGetValue(id, out var bytes) ? bytes : null, at);
            return true;
        }, stop);
    }

    // The mailboxes whose size Dovecot tells, and those that never had mail. Null if Dovecot does not answer.
    private async Task<List<MailboxUsage>?> UsedAsync(List<Mailbox> mailboxes, CancellationToken stop)
    {
        // Looked at once each: a first message may make the folder in this moment.
        var byFolder = mailboxes.ToLookup(m => settings.HasMailFolder(m.AccountId));
        var (used, asked) = (byFolder[false].Select(m => new MailboxUsage(m.AccountId, 0)).ToList(), byFolder[true].ToList());
        if (asked.Count == 0) return used;
        if (await doveadm.UsedBytesAsync([.. asked.Select(m => m.Address)], stop) is not { } told) return null;
        used.AddRange(asked.Where(m => told.ContainsKey(m.Address)).Select(m => new MailboxUsage(m.AccountId, told[m.Address])));
        return used;
    }

    private async Task TellAsync(CancellationToken stop)
    {
        var news = await replica.WriteAsync(
            r => r.All(
                """
                SELECT u.account_id, u.used_bytes, m.capacity_mb FROM usage AS u LEFT JOIN mailbox AS m ON m.account_id = u.account_id
                WHERE u.measured_at > 0 AND u.reported_bytes IS NOT u.used_bytes LIMIT $1
                """,
                row => new MailboxUsage(row.GetString(0), row.GetInt64(1), row.IsDBNull(2) ? null : row.GetInt32(2)), InOneMessage), stop);
        if (news.Count == 0) return;
        await PublishAsync(news, null, stop);
        await replica.WriteAsync(r => news.Sum(n => r.Run("UPDATE usage SET reported_bytes = $2 WHERE account_id = $1", n.AccountId, n.UsedBytes)), stop);
    }

    private async Task PublishAsync(List<MailboxUsage> used, string? requestId, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(BrokerPatience);
        await bus.Publish(new MailboxUsageMeasured(settings.Node, time.GetUtcNow(), used, requestId), limit.Token);
    }

    private sealed record Mailbox(string AccountId, string Address);

    [LoggerMessage(1, LogLevel.Warning, "Measured mailboxes are not told yet; tried again")]
    private partial void LogFailed(Exception e);
}
