namespace Hikyaku.MailNode;

/// <summary>
/// Erases what an account leaves on this node when it is deleted (rule ACC-5): its sessions, what waits in the queue for it, its
/// mail. The replica says what is still to be done (<see cref="Erasures"/>), so that it goes on after a crash; each step finds
/// out by itself what is left.
/// <para>
/// The mail goes last. A delivery makes a folder anew that is not there, so nothing may be on its way: nobody is taken as a
/// recipient any more, no message for it that was begun before is still being taken in, the queue has nothing for the address,
/// sessions are over. Who takes minutes over such a message is told to try again later, and hears then that nobody is there. All that must be seen twice, a round apart: a message that goes from one part of the queue to another may
/// be missed once.
/// </para>
/// <para>
/// What the account has sent and others have not got yet is attempted for five minutes more, then given up: a failure would be
/// told to an address that may be another one's by then.
/// </para>
/// </summary>
public sealed partial class Eraser(
    NodeSettings settings, Replica replica, MailServers servers, PostfixQueue queue, UnfinishedMessages unfinishedMessages, MailboxTurns turns, TimeProvider time, ILogger<Eraser> logger) : BackgroundService
{
    private const int AtOnce = 500;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // How long it may take from the time of a deletion until the servers read it. Erasing waits for messages whose sending began in that time.
    private static readonly TimeSpan Writing = TimeSpan.FromMinutes(1);

    // How long a deletion waits for messages that are being taken in.
    private static readonly TimeSpan LongestTakingIn = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan PauseWhenBusy = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan SentIsAttemptedFor = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan OrphanInterval = TimeSpan.FromDays(1);

    private readonly string _wayOut = Path.Combine(settings.Mail, "erased");
    private readonly HashSet<(string AccountId, DateTimeOffset DeletedAt)> _seenClean = [];
    private int _waiting;
    private Task? _lookedForOrphansIn;
    private DateTimeOffset _lookedForOrphans;

    private enum Left { Busy, Something, Nothing }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await FindOrphansAsync(stoppingToken);
                await RoundAsync(stoppingToken);
            }
            catch (Exception e) when (e is Microsoft.Data.Sqlite.SqliteException or IOException or UnauthorizedAccessException)
            {
                LogFailed(e);
            }
        }
    }

    private async Task RoundAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        // While a server reads another replica, it may still accept mail for a deleted account, or let its user log in.
        if (!servers.AreReading(replica.Identity) || now <= servers.LingerUntil) return;
        var due = replica.IsComplete ? await replica.WriteAsync(r => Erasures.Take(r, now, AtOnce), stop) : [];
        if (due.Count == 0) return;
        var queued = await TakeOutOfQueueAsync(due, now, stop);
        // Read after the queue, so that a message that moves from here to there is seen at least once.
        var unfinished = unfinishedMessages.Read();
        var tooLong = new HashSet<UnfinishedMessage>();
        var results = new List<(string AccountId, Left Left)>(due.Count);
        foreach (var one in due)
        {
            stop.ThrowIfCancellationRequested();
            var awaited = unfinished.Where(m => IsAwaited(m, one)).ToList();
            tooLong.UnionWith(awaited.Where(m => now - new[] { one.DeletedAt, servers.LingerUntil, m.Begun }.Max() > LongestTakingIn));
            var isBusy = queued is null || one.HasSessions || queued.Contains(one.Address) || awaited.Count > 0;
            var left = isBusy ? Left.Busy : TryRemoveFolder(one.AccountId);
            // Clean once is not enough: it must be clean again in its next turn, which comes after those of all others that are due.
            var mark = (one.AccountId, one.DeletedAt);
            if (left == Left.Nothing && _seenClean.Add(mark)) left = Left.Something;
            else _seenClean.Remove(mark);
            results.Add((one.AccountId, left));
        }

        await unfinishedMessages.EndAsync(tooLong, stop);
        await replica.WriteAsync(r => results.TrueForAll(result => Note(r, result.AccountId, result.Left, now)), stop);
        var (erased, waiting) = (results.Count(r => r.Left == Left.Nothing), results.Count(r => r.Left != Left.Nothing));
        if (erased > 0 || waiting != _waiting) LogRound(erased, waiting); // not every second of a long night
        _waiting = waiting;
    }

    // Whether a message that is being taken in may be for this account. For an address that is empty there is none.
    private bool IsAwaited(UnfinishedMessage message, Erasures.Due one)
        => one.Address.Length > 0 && (message.Begun <= one.DeletedAt + Writing || message.Begun <= servers.LingerUntil) && message.MayConcern(one.Address);

    // Times count from the beginning of the round, so that a clean account is due in the next round however long this one takes.
    private bool Note(Microsoft.Data.Sqlite.SqliteConnection r, string accountId, Left left, DateTimeOffset now)
    {
        if (left == Left.Nothing) Erasures.Finish(r, settings.Node, accountId, now);
        else Erasures.Postpone(r, accountId, now + (left == Left.Busy ? PauseWhenBusy : Pause / 2));
        return true;
    }

    // The addresses for which mail is left in the queue. Null if the queue cannot be read.
    private async Task<HashSet<string>?> TakeOutOfQueueAsync(List<Erasures.Due> due, DateTimeOffset now, CancellationToken stop)
    {
        // The newest deletion of an address counts. An empty address is skipped: it is the sender of bounces.
        var goneSince = due.Where(d => d.Address.Length > 0).GroupBy(d => d.Address).ToDictionary(g => g.Key, g => g.Max(d => d.DeletedAt));
        if (goneSince.Count == 0) return [];
        if (await queue.ReadAsync(m => m.Concerns(goneSince.ContainsKey), stop) is not { } messages) return null;
        var steps = messages.ToLookup(m => m.Step(goneSince.ContainsKey, goneSince.TryGetValue(m.Sender, out var since) && now - since > SentIsAttemptedFor), m => m.Id);
        await queue.DeleteAsync([.. steps[QueueStep.Delete]], stop);
        await queue.AttemptAsync(steps[QueueStep.Attempt], stop);
        queue.TakeOut(steps[QueueStep.TakeOut], goneSince.ContainsKey);
        return [.. messages.SelectMany(m => m.Recipients.Append(m.Sender)).Where(goneSince.ContainsKey)];
    }

    // A folder that cannot be removed does not hold up the others.
    private Left TryRemoveFolder(string accountId)
    {
        try
        {
            return RemoveFolder(accountId);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotRemoved(e, accountId);
            return Left.Busy;
        }
    }

    // Moves the folder away from where a delivery would find it, then removes it file by file. A folder that an earlier run moved is still there.
    private Left RemoveFolder(string accountId)
    {
        using var turn = turns.Take(accountId);
        if (turn is null) return Left.Busy;
        var (folder, away) = (settings.MailFolder(accountId), Path.Combine(_wayOut, accountId));
        var isThere = Directory.Exists(folder);
        if (!isThere && !Directory.Exists(away)) return Left.Nothing;
        if (Directory.Exists(away)) Directory.Delete(away, recursive: true);
        if (!isThere) return Left.Something;
        Directory.CreateDirectory(_wayOut);
        Directory.Move(folder, away);
        Directory.Delete(away, recursive: true);
        return Left.Something;
    }

    // A new replica does not have the tombstones of accounts that were deleted before.
    private async Task FindOrphansAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var complete = replica.WhenCompleteAsync();
        if (!complete.IsCompleted || (complete == _lookedForOrphansIn && now - _lookedForOrphans < OrphanInterval)) return;
        var folders = Directory.Exists(settings.Mail)
            ? Directory.EnumerateDirectories(settings.Mail).Where(shard => Path.GetFileName(shard).Length == 2).SelectMany(Directory.EnumerateDirectories)
                .Select(f => Path.GetFileName(f)).Where(MailboxPart.IsFolderName).ToList()
            : [];
        var found = await replica.WriteAsync(r => Erasures.BeginOrphans(r, folders, now), stop);
        if (found > 0) LogOrphans(found);
        (_lookedForOrphansIn, _lookedForOrphans) = (complete, now);
    }

    [LoggerMessage(1, LogLevel.Warning, "Erasing of deleted accounts goes on in a moment")]
    private partial void LogFailed(Exception e);

    [LoggerMessage(4, LogLevel.Warning, "The mail folder of account {AccountId} cannot be removed yet")]
    private partial void LogNotRemoved(Exception e, string accountId);

    [LoggerMessage(2, LogLevel.Information, "{Erased} deleted accounts are erased, {Left} are not yet")]
    private partial void LogRound(int erased, int left);

    [LoggerMessage(3, LogLevel.Warning, "{Count} mail folders belong to no account; they are erased in a week unless a list names their accounts")]
    private partial void LogOrphans(int count);
}
