using System.Globalization;

namespace Hikyaku.MailNode;

/// <summary>
/// Moves old mail from the inbox to the archive and deletes old mail in the trash (rule ACC-14), in each mailbox once a day, also
/// in those that nobody opens; a few at a time, as nobody waits for it. Old is what was <i>saved</i> here long ago: a message that is
/// copied begins anew, whatever its date.
/// </summary>
public sealed partial class Tidier(
    NodeSettings settings, Replica replica, Doveadm doveadm, MailboxTurns turns, TimeProvider time, ILogger<Tidier> logger) : BackgroundService
{
    private const int TakenAtOnce = 500;
    private const int LookedIntoAtOnce = 20;
    private const int UidsInOneCommand = 500;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Turn = TimeSpan.FromHours(23);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMinutes(10);

    /// <summary>Looks into those whose turn it is.</summary>
    public async Task RoundAsync(CancellationToken stop)
    {
        if (!replica.IsComplete) return;
        var now = time.GetUtcNow();
        var looked = 0;
        var due = await replica.WriteAsync(r => r.All(
            """
            SELECT t.account_id, h.address FROM tidied AS t JOIN holder AS h USING (account_id)
            WHERE t.at < $1 AND (h.home_node IS NULL OR h.home_node = $2) ORDER BY t.at LIMIT $3
            """,
            row => new Mailbox(row.GetString(0), row.GetString(1)), (now - Turn).ToUnixTimeMilliseconds(), settings.Node, TakenAtOnce), stop);
        var results = new List<(string AccountId, DateTimeOffset At)>();
        foreach (var mailbox in due)
        {
            var isDone = !settings.HasMailFolder(mailbox.AccountId);
            if (!isDone && looked++ == LookedIntoAtOnce) break;
            isDone = isDone || await TidyAsync(mailbox, now, stop);
            if (!isDone) LogFailed(mailbox.AccountId, PauseAfterFailure);
            results.Add((mailbox.AccountId, isDone ? now : now - Turn + PauseAfterFailure));
        }

        if (results.Count > 0) await replica.WriteAsync(r => results.Sum(d => r.Run("UPDATE tidied SET at = $2 WHERE account_id = $1", d.AccountId, d.At.ToUnixTimeMilliseconds())), stop);
    }

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
            catch (Microsoft.Data.Sqlite.SqliteException e)
            {
                LogNotWritten(e);
            }
        }
    }

    private async Task<bool> TidyAsync(Mailbox mailbox, DateTimeOffset now, CancellationToken stop)
    {
        using var turn = turns.Take(mailbox.AccountId);
        return turn is not null
            && await ForOldAsync(mailbox, "INBOX", now.AddDays(-settings.ArchiveAfterDays), query => doveadm.MoveAsync(mailbox.Address, "Archive", query, stop), stop)
            && await ForOldAsync(mailbox, "Trash", now.AddDays(-settings.TrashDays), query => doveadm.ExpungeAsync(mailbox.Address, query, stop), stop);
    }

    // Works on some hundred UIDs at a time, so that deliveries do not wait. The query repeats the date, so that each command is right by itself.
    private async Task<bool> ForOldAsync(Mailbox mailbox, string folder, DateTimeOffset before, Func<string[], Task<bool>> act, CancellationToken stop)
    {
        string[] old = ["mailbox", folder, "savedbefore", before.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture)];
        if (await doveadm.SearchAsync(mailbox.Address, old, stop) is not { } uids) return false;
        foreach (var some in uids.Chunk(UidsInOneCommand))
            if (!await act([.. old, "uid", string.Join(',', some.Select(u => u.ToString(CultureInfo.InvariantCulture)))])) return false;
        if (uids.Count > 0) LogTidied(uids.Count, folder, mailbox.AccountId);
        return true;
    }

    private sealed record Mailbox(string AccountId, string Address);

    [LoggerMessage(1, LogLevel.Information, "{Count} old messages have left {Folder} of {AccountId}")]
    private partial void LogTidied(int count, string folder, string accountId);

    [LoggerMessage(2, LogLevel.Warning, "Old mail of {AccountId} stays for now; tried again in {Pause}")]
    private partial void LogFailed(string accountId, TimeSpan pause);

    [LoggerMessage(3, LogLevel.Warning, "What was tidied cannot be noted; tried again")]
    private partial void LogNotWritten(Exception e);
}
