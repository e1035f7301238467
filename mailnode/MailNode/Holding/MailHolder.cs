using System.Globalization;
using Hikyaku.MailNode.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Holds what is in Postfix's queue of an account while a compromise is suspected (RST-9), tells what is held, and releases or deletes what an
/// operator has decided about. What is held stays held when the restriction ends, until somebody decides. Postfix's queue is the truth: after
/// a crash the same is done again, which changes nothing.
/// </summary>
public sealed partial class MailHolder(NodeSettings settings, Replica replica, PostfixQueue queue, TimeProvider time, ILogger<MailHolder> logger) : BackgroundService
{
    private const int MostTold = 1000, MostRecipients = 100;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    // What was told of each account; before the first round nobody knows what is held.
    private readonly Dictionary<string, string> _told = [];
    private bool _isFirst = true;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RoundAsync(stoppingToken);
            }
            catch (SqliteException e)
            {
                LogPutOff(e);
            }
        }
    }

    private async Task RoundAsync(CancellationToken stop)
    {
        if (!replica.IsComplete) return;
        var restricted = await replica.WriteAsync(r => r.All(
            "SELECT DISTINCT h.address FROM restriction_in_force AS r JOIN holder AS h ON h.account_id = r.account_id WHERE r.kind = 'compromise-suspected'", row => row.GetString(0)).ToHashSet(StringComparer.Ordinal), stop);
        if (restricted.Count == 0 && _told.Count == 0 && !_isFirst) return;
        if (await queue.ReadAsync(m => m.Queue == QueuedMessage.OnHold || restricted.Contains(m.Sender), stop) is not { } messages) return;
        var decided = await DecidedAsync(stop);
        await queue.HoldAsync([.. messages.Where(m => m.Queue != QueuedMessage.OnHold && !decided.ContainsKey(m.Id)).Select(m => m.Id)], stop);
        await queue.ReleaseAsync([.. messages.Where(m => m.Queue == QueuedMessage.OnHold && decided.TryGetValue(m.Id, out var released) && released).Select(m => m.Id)], stop);
        await queue.DeleteAsync([.. messages.Where(m => m.Queue == QueuedMessage.OnHold && decided.TryGetValue(m.Id, out var released) && !released).Select(m => m.Id)], stop);
        await TellAsync([.. messages.Where(m => m.Queue == QueuedMessage.OnHold && !decided.ContainsKey(m.Id))], stop);
        _isFirst = false;
    }

    private Task<Dictionary<string, bool>> DecidedAsync(CancellationToken stop) => replica.WriteAsync(
        r => r.All("SELECT queue_id, released FROM restriction_decided WHERE node = $1", row => (row.GetString(0), row.GetInt64(1) != 0), settings.Node).ToDictionary(d => d.Item1, d => d.Item2, StringComparer.Ordinal), stop);

    private Task<bool> TellAsync(List<QueuedMessage> held, CancellationToken stop) => replica.WriteAsync(r =>
    {
        var accounts = new Dictionary<string, List<QueuedMessage>>();
        foreach (var sender in held.GroupBy(m => m.Sender))
        {
            if (r.One<string>("SELECT account_id FROM holder WHERE address = $1", sender.Key) is { } account) accounts[account] = [.. sender.OrderBy(m => m.At).ThenBy(m => m.Id, StringComparer.Ordinal)];
        }

        // What an agent of before told, and somebody has decided since, may be gone without a word.
        var before = _isFirst ? r.All("SELECT DISTINCT account_id FROM restriction_decided WHERE node = $1", row => row.GetString(0), settings.Node) : [];
        foreach (var account in _told.Keys.Union(before).Except(accounts.Keys).ToList())
        {
            Tell(r, account, []);
            _told.Remove(account);
        }

        foreach (var (account, messages) in accounts)
        {
            // Recipients whose accounts are deleted are taken out of them (Eraser).
            var names = string.Join(' ', messages.Select(m => string.Create(CultureInfo.InvariantCulture, $"{m.Id}/{m.Recipients.Count}")));
            if (_told.GetValueOrDefault(account) == names) continue;
            Tell(r, account, messages);
            _told[account] = names;
        }

        return true;
    }, stop);

    private void Tell(SqliteConnection r, string account, List<QueuedMessage> messages) => FactOutbox.Add(r, new MailHeld(
        settings.Node, account, time.GetUtcNow(), [.. messages.Take(MostTold).Select(m => new HeldMessage(m.Id, m.At, m.Size, [.. m.Recipients.Take(MostRecipients)]))]));

    [LoggerMessage(1, LogLevel.Warning, "Mail is not held or released yet; tried again")]
    private partial void LogPutOff(Exception e);
}
