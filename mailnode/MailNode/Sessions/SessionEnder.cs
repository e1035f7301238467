using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Ends the open sessions of accounts that are gone, or of which something has changed that a session reads when it begins
/// (<see cref="MailboxPart"/>). What is to be ended stands in the replica (<see cref="SessionEnds"/>), written with the change
/// itself, so that neither a crash nor a Dovecot that is away lets a session live on. Each account is a request of its own to Dovecot with a time-out of its own, some at a time, so that one whose sessions
/// cannot be ended keeps no others waiting.
/// <para>
/// Twice, a second apart: a login whose password was checked just before the change may open its session just after the first
/// round. Who has logged in with the new password meanwhile is thrown out as well, and comes back by itself. After the replica
/// was made anew there is a last round when nobody can read the former one any more.
/// </para>
/// <para>
/// Postfix keeps the name that it was told at the login as long as the connection lasts, and cannot be asked to forget one.
/// So this name is <c>address/life.version</c>, the version being the account's when its present password came: after a change
/// the name is nobody's any more, and Postfix ends the connection at the next message (sessions.cf).
/// </para>
/// </summary>
public sealed partial class SessionEnder(
    Replica replica, Doveadm doveadm, MailServers servers, PerService<Lease> leases, Parts parts, TimeProvider time, ILogger<SessionEnder> logger) : BackgroundService
{
    private const int AtOnce = 8;
    private static readonly TimeSpan SecondRound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // How long a session process lives on when Dovecot was killed: after that it has noticed, unless its client keeps it busy.
    private static readonly TimeSpan Orphaned = TimeSpan.FromSeconds(10);

    // A null item means: something may be due.
    private readonly Channel<Ended?> _news = Channel.CreateUnbounded<Ended?>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Dictionary<(string Service, string AccountId), Task> _running = [];
    private int _isAsked;
    private long? _awaySince;
    private int _failures;

    /// <summary>Says that sessions may have become due. Until they are ended the node does not say that it obeys (<see cref="Progress.Obeyed"/>).</summary>
    public void EndDue()
    {
        if (Interlocked.Exchange(ref _isAsked, 1) == 0) _news.Writer.TryWrite(null);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await NoteAsync(await NewsAsync(stoppingToken), stoppingToken);
                await MakeServersReadAsync(stoppingToken);
                await BeginDueAsync(stoppingToken);
            }
            catch (SqliteException)
            {
                // the database could not be read; whoever writes states wakes this again, and ending sessions twice does no harm
            }
        }
    }

    private async Task<List<Ended>> NewsAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Pause);
        var ended = new List<Ended>();
        try
        {
            await _news.Reader.WaitToReadAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // the pause is over; look again
        }

        Interlocked.Exchange(ref _isAsked, 0);
        while (_news.Reader.TryRead(out var one))
        {
            if (one is null) continue;
            if (_running.Remove((one.Due.Service, one.Due.AccountId), out var task)) await task;
            ended.Add(one);
        }

        return ended;
    }

    private async Task MakeServersReadAsync(CancellationToken stop)
    {
        if (!replica.IsComplete || servers.AreReading(replica.Identity)) return;
        if (await servers.MakeReadAsync(replica.Identity, stop)) RenewLeases();
    }

    private async Task BeginDueAsync(CancellationToken stop)
    {
        // While a server reads another replica, a session that begins by its data would stay open.
        if (_running.Count >= AtOnce || !replica.IsComplete || replica.Identity is var identity && !servers.AreReading(identity)) return;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        // First rounds come first: a change that is not in force must not wait for second looks.
        var (_, due) = await replica.TryWriteAsync(r =>
        {
            foreach (var part in parts.All) part.EndExpiredSessions(r, time.GetUtcNow());
            return r.All("SELECT service, account_id, address, due, rounds, networks FROM session_end WHERE due <= $1 OR due > $2 ORDER BY rounds DESC, due LIMIT $3",
                row => new Due(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4), row.GetString(5)), now, Foreseeable(now), 2 * AtOnce);
        }, stop);
        foreach (var one in due ?? [])
        {
            var key = (one.Service, one.AccountId);
            if (_running.Count < AtOnce && !_running.ContainsKey(key)) _running[key] = EndAsync(identity, one, stop);
        }
    }

    private async Task EndAsync(string identity, Due due, CancellationToken stop)
    {
        var kicked = Kicked.Unknown;
        try
        {
            kicked = await doveadm.KickAsync(LoginsOf(due), due.Networks.Split(' ', StringSplitOptions.RemoveEmptyEntries), stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // the agent stops; it ends these sessions after its next start
        }
        finally
        {
            _news.Writer.TryWrite(new Ended(identity, due, kicked));
        }
    }

    // The copy worker's sessions have a login name of their own (CopyGrantPart). They end with the mailbox's others, but not by a lock, which
    // does not concern them; and what ends them alone leaves the others.
    private static string[] LoginsOf(Due due) => due.Service switch
    {
        CopyGrantPart.Owner => [CopyGrantPart.SessionsIn(due.Address)],
        MailboxPart.Owner when due.Address != SessionEnds.Everybody => [due.Address, CopyGrantPart.SessionsIn(due.Address)],
        _ => [due.Address],
    };

    private async Task NoteAsync(List<Ended> ended, CancellationToken stop)
    {
        if (ended.Count == 0) return;
        var isDovecotThere = ended.Exists(e => e.Kicked != Kicked.NobodyThere);
        var isLongAway = !isDovecotThere && time.GetElapsedTime(_awaySince ??= time.GetTimestamp()) >= Orphaned;
        if (isDovecotThere) _awaySince = null;
        var (now, lingerUntil) = (time.GetUtcNow().ToUnixTimeMilliseconds(), servers.LingerUntil.ToUnixTimeMilliseconds());
        // Results for a lost replica are dropped: its successor has these sessions due again.
        var (_, changed) = await replica.TryWriteAsync(r => ended.Where(e => e.Identity == replica.Identity).Sum(e => e.Note(r, now, lingerUntil))
            + (isLongAway ? r.Run("UPDATE session_end SET rounds = 1 WHERE rounds > 1 AND (due <= $1 OR due > $2)", now + (long)Pause.TotalMilliseconds, Foreseeable(now)) : 0), stop);
        if (changed > 0) RenewLeases();
        NoteFailures(ended.Find(e => e.Kicked != Kicked.Over));
    }

    // A due time beyond this was written while the clock was ahead; such rows are due now.
    private long Foreseeable(long now) => Math.Max(now + 10_000, servers.LingerUntil.ToUnixTimeMilliseconds());

    private void NoteFailures(Ended? failed)
    {
        if (failed is not null && ++_failures == 2) LogFails(failed.Due.AccountId); // not of a restart, and not every second of a long night
        if (failed is not null) return;
        if (_failures > 1) LogWorksAgain();
        _failures = 0;
    }

    private void RenewLeases()
    {
        foreach (var lease in leases.All) lease.Renew();
    }

    private sealed record Due(string Service, string AccountId, string Address, long At, long Rounds, string Networks);

    private sealed record Ended(string Identity, Due Due, Kicked Kicked)
    {
        // Returns how many changes may be in force now. If a change came meanwhile, the row has a new due time and stays.
        public int Note(SqliteConnection r, long now, long lingerUntil)
        {
            if (Kicked != Kicked.Over)
            {
                Set(r, "due = $5", now + (long)Pause.TotalMilliseconds);
                return 0;
            }

            var next = Due.Rounds > 1 ? now + (long)SecondRound.TotalMilliseconds : lingerUntil;
            if (Due.Rounds > 1 || (Due.Rounds > 0 && next > now)) return Set(r, "due = $5, rounds = rounds - 1", next);
            r.Run("DELETE FROM session_end WHERE service = $1 AND account_id = $2 AND due = $3 AND rounds = $4", Due.Service, Due.AccountId, Due.At, Due.Rounds);
            return 0;
        }

        private int Set(SqliteConnection r, string what, long due)
            => r.Run($"UPDATE session_end SET {what} WHERE service = $1 AND account_id = $2 AND due = $3 AND rounds = $4", Due.Service, Due.AccountId, Due.At, Due.Rounds, due);
    }

    [LoggerMessage(1, LogLevel.Warning, "Dovecot does not end the sessions of changed and deleted accounts, like those of account {AccountId}; until it does, this node does not say that such changes are in force")]
    private partial void LogFails(string accountId);

    [LoggerMessage(2, LogLevel.Information, "The sessions of changed and deleted accounts are ended again")]
    private partial void LogWorksAgain();
}
