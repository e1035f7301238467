using System.Globalization;

namespace Hikyaku.MailNode;

/// <summary>
/// Deletes the mail of mailboxes whose state asks for it (rule ACC-6): what was saved before it was asked for, however late the
/// node hears of it. Dovecot dates mail by this machine's clock and to the second, and the request has the service's time
/// (<see cref="ServiceClock"/>): mail of a second that may be later stays. What is moved meanwhile is saved anew and stays, too.
/// <para>
/// Each folder's next UID is noted once, and messages below it are looked at, some thousand in a command, and one command of each
/// mailbox in turn, so that deliveries do not wait and a large mailbox does not hold up the others. The replica says how far it
/// is (<see cref="MailDeletions"/>); after a crash the last command is repeated, which changes nothing.
/// </para>
/// </summary>
public sealed partial class MailDeleter(
    NodeSettings settings, Replica replica, Doveadm doveadm, MailboxTurns turns, MailChanges changes, OwningServices services, TimeProvider time, ILogger<MailDeleter> logger) : BackgroundService
{
    private const int JobsAtOnce = 50;
    private const int UidsAtOnce = 2000;
    private const int EmptyRangesAtOnce = 200;

    // The kernel's clock for file times is behind by one tick at most.
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TellingInterval = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, DateTimeOffset> _resting = [], _told = [];
    private readonly HashSet<string> _checked = [];

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                while (await RoundAsync(stoppingToken)) { }
            }
            catch (Microsoft.Data.Sqlite.SqliteException e)
            {
                LogNotWritten(e);
            }
        }
    }

    // Returns whether any job made progress.
    private async Task<bool> RoundAsync(CancellationToken stop)
    {
        if (!replica.IsComplete) return false;
        var now = time.GetUtcNow();
        var jobs = await replica.WriteAsync(r => MailDeletions.Unfinished(r, settings.Node, JobsAtOnce + _resting.Count), stop);
        if (jobs.Count == 0)
        {
            _resting.Clear();
            _told.Clear();
            _checked.Clear();
        }

        var wentOn = false;
        foreach (var job in jobs)
        {
            if (_resting.GetValueOrDefault(job.JobId) > now) continue;
            using var turn = turns.Take(job.AccountId);
            if (turn is null) continue;
            if (await StepAsync(job, stop))
            {
                _resting.Remove(job.JobId);
                wentOn = true;
                continue;
            }

            LogFailed(job.AccountId, job.JobId, PauseAfterFailure);
            _resting[job.JobId] = time.GetUtcNow() + PauseAfterFailure;
        }

        return wentOn;
    }

    // Returns false if Dovecot fails or does not answer.
    private async Task<bool> StepAsync(MailDeletions.Job job, CancellationToken stop)
    {
        if (job.SavedBefore is not { } before) return await NoteAsync(job, stop);
        if (!_checked.Contains(job.JobId)) return await CheckAsync(job, stop);
        var part = await replica.WriteAsync(r => MailDeletions.Next(r, job.AccountId), stop);
        if (part is null)
        {
            await WriteAsync(r => MailDeletions.Finish(r, settings.Node, job, time.GetUtcNow()), stop);
            changes.Note(job.Address); // measured soon, also where Dovecot's hint was lost
            LogDone(job.AccountId, job.JobId);
            return true;
        }

        if (part.CountedTo == part.ExpungedTo) return await CountAsync(job, before, part, stop);
        if (!await doveadm.ExpungeAsync(job.Address, Query(before, part.Identity, part.ExpungedTo + 1, part.CountedTo), stop)) return false;
        await WriteAsync(r =>
        {
            MailDeletions.Expunged(r, job, part.Identity, part.CountedTo);
            if (MayTell(job)) MailDeletions.Tell(r, settings.Node, job);
        }, stop);
        return true;
    }

    private async Task<bool> NoteAsync(MailDeletions.Job job, CancellationToken stop)
    {
        // Without the service's time the node cannot tell which mail was there before the request.
        if (services.Named(MailboxPart.Owner)!.Clock.NotAfter(job.RequestedAt) is not { } requestedAt) return false;
        var before = (requestedAt - Tick).ToUnixTimeSeconds();
        var folders = settings.HasMailFolder(job.AccountId) ? await doveadm.FoldersAsync(job.Address, stop) : [];
        if (folders is null) return false;
        if (await replica.WriteAsync(r => MailDeletions.Note(r, settings.Node, job, before, folders), stop)) _checked.Add(job.JobId);
        return true;
    }

    // Continues a job that an earlier run of the agent has noted.
    private async Task<bool> CheckAsync(MailDeletions.Job job, CancellationToken stop)
    {
        if (await doveadm.FoldersAsync(job.Address, stop) is not { } folders) return false;
        await WriteAsync(r => MailDeletions.Skip(r, job, folders), stop);
        _checked.Add(job.JobId);
        return true;
    }

    private async Task<bool> CountAsync(MailDeletions.Job job, long before, MailDeletions.Part part, CancellationToken stop)
    {
        var to = part.CountedTo;
        IReadOnlyList<(long Uid, long Bytes)> found = [];
        // In a folder where much was deleted before, many ranges of UIDs are empty.
        for (var ranges = 0; found.Count == 0 && to < part.UidNext - 1 && ranges < EmptyRangesAtOnce; ranges++)
        {
            var from = to + 1;
            to = Math.Min(to + UidsAtOnce, part.UidNext - 1);
            if (await doveadm.SizesAsync(job.Address, Query(before, part.Identity, from, to), stop) is not { } sizes) return false;
            found = sizes;
        }

        await WriteAsync(r => MailDeletions.Count(r, job, part.Identity, to, found.Count, found.Sum(f => f.Bytes)), stop);
        return true;
    }

    private static string[] Query(long savedBefore, string guid, long from, long to) =>
        ["mailbox-guid", guid, "uid", string.Create(CultureInfo.InvariantCulture, $"{from}:{to}"), "savedbefore", savedBefore.ToString(CultureInfo.InvariantCulture)];

    private bool MayTell(MailDeletions.Job job)
    {
        var now = time.GetUtcNow();
        if (_told.TryGetValue(job.JobId, out var last) && now - last < TellingInterval) return false;
        _told[job.JobId] = now;
        return true;
    }

    private Task<bool> WriteAsync(Action<Microsoft.Data.Sqlite.SqliteConnection> write, CancellationToken stop) => replica.WriteAsync(r =>
    {
        write(r);
        return true;
    }, stop);

    [LoggerMessage(1, LogLevel.Warning, "The mail of {AccountId} is not deleted yet (job {JobId}); tried again in {Pause}")]
    private partial void LogFailed(string accountId, string jobId, TimeSpan pause);

    [LoggerMessage(2, LogLevel.Information, "The mail of {AccountId} is deleted (job {JobId})")]
    private partial void LogDone(string accountId, string jobId);

    [LoggerMessage(3, LogLevel.Warning, "Deletions of mail cannot be noted; tried again")]
    private partial void LogNotWritten(Exception e);
}
