using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Ends the open sessions of accounts whose password has changed or that are gone. What is to be ended stands in the replica,
/// written with the change itself, so that neither a crash nor a Dovecot that is away lets a session live on.
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
public sealed partial class SessionEnder(Replica replica, Doveadm doveadm, MailServers servers, PerService<Lease> leases, TimeProvider time, ILogger<SessionEnder> logger) : BackgroundService
{
    private const int MostAtOnce = 100;
    private static readonly TimeSpan SecondRound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // So long may sessions live on whose Dovecot was killed: then they have noticed it, unless somebody keeps them busy.
    private static readonly TimeSpan Orphaned = TimeSpan.FromSeconds(10);

    // So long somebody who is at fault lets the others alone.
    private static readonly TimeSpan AfterFault = TimeSpan.FromSeconds(5);

    // As many may be at fault; of more it is Dovecot that is.
    private const int MostAtFault = 10;

    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<string> _atFault = []; // accounts of the replica _of
    private string _of = "";
    private int _atOnce = MostAtOnce;
    private long? _awaySince;
    private volatile bool _failing;
    private int _failures;

    /// <summary>
    /// Ends what is due, and returns when it is done or has failed: until it is done the node does not say that it obeys
    /// (<see cref="Progress.Obeyed"/>). While it fails nobody waits for it; the rounds go on by themselves.
    /// </summary>
    public Task EndDueAsync(CancellationToken stop = default) => _failing ? Task.CompletedTask : EndRoundAsync(stop);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pause, time);
        do
        {
            try
            {
                await MakeServersReadAsync(stoppingToken);
                await EndRoundAsync(stoppingToken);
            }
            catch (SqliteException)
            {
                // told by whoever writes states; tried again in a second
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task MakeServersReadAsync(CancellationToken stop)
    {
        if (!replica.IsComplete || servers.AreReading(replica.Identity)) return;
        if (await servers.MakeReadAsync(replica.Identity, stop)) RenewLeases();
    }

    private async Task EndRoundAsync(CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        var goesOn = false;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            do goesOn = await EndSomeAsync(goesOn, limit.Token, stop);
            while (goesOn && !limit.IsCancellationRequested);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            _awaySince = null;
            if (!goesOn) Failed();
        }
        finally
        {
            _turn.Release();
        }
    }

    // Whether there may be more.
    private async Task<bool> EndSomeAsync(bool hasEndedSome, CancellationToken limit, CancellationToken stop)
    {
        // Who logs in by what another replica says would stay.
        if (!replica.IsComplete || replica.Identity is var identity && !servers.AreReading(identity)) return false;
        if (_of != identity) _atFault.Clear();
        _of = identity;
        var (now, atOnce) = (time.GetUtcNow().ToUnixTimeMilliseconds(), _atOnce);
        // First rounds first: what is not obeyed yet must not wait for what is only looked at again.
        var all = await replica.WriteAsync(
            r => r.All("SELECT service, account_id, address, due, rounds FROM session_end WHERE due <= $1 OR due > $3 ORDER BY rounds DESC, due LIMIT $2",
                row => new Due(row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt64(3), row.GetInt64(4)), now, atOnce + _atFault.Count + 1, Foreseeable(now)), limit);
        if (all.Count == 0)
        {
            Works();
            return false;
        }

        // Who was not ended although he was alone comes alone, and when the others are done.
        var due = all.Where(d => !_atFault.Contains(d.AccountId)).Take(atOnce).ToList();
        if (due.Count == 0) due.Add(all[0]);
        var (isThere, over) = await KickAsync(due, hasEndedSome, limit, stop);
        if (!isThere)
        {
            await NobodyThereAsync(now, limit);
            return false;
        }

        _awaySince = null;
        await NoteAsync(identity, due, over, stop);
        // What is too much at once may be done in smaller parts, and who is at fault is alone in the end.
        if (over.Count == 0) _atOnce = Math.Max(1, due.Count / 2);
        if (over.Count == 0 && due.Count == 1 && _atFault.Count < MostAtFault && _atFault.Add(due[0].AccountId)) LogAtFault(due[0].AccountId);
        var done = due.FindAll(d => over.Contains(d.Address));
        if (done.Exists(d => _atFault.Contains(d.AccountId))) _atFault.Clear(); // it was not they
        if (done.Count < due.Count) Failed();
        else Works();
        if (_failing && done.Exists(d => d.Rounds > 1)) RenewLeases();
        return done.Count == due.Count && all.Count > due.Count;
    }

    // That a round ends which has done something says nothing of Dovecot; else no answer is one, too.
    private async Task<KickedSessions> KickAsync(List<Due> due, bool hasEndedSome, CancellationToken limit, CancellationToken stop)
    {
        try
        {
            return await doveadm.KickAsync([.. due.Select(d => d.Address).Distinct()], limit);
        }
        catch (OperationCanceledException) when (!hasEndedSome && !stop.IsCancellationRequested)
        {
            return new(true, new HashSet<string>());
        }
    }

    // What is due later than it can be was written by a clock that was ahead and has been put right: it is due now.
    private long Foreseeable(long now) => Math.Max(now + 10_000, servers.LingerUntil.ToUnixTimeMilliseconds());

    // Who was refused comes after the others next time.
    private async Task NoteAsync(string identity, List<Due> due, IReadOnlySet<string> over, CancellationToken stop)
    {
        var (now, lingerUntil) = (time.GetUtcNow().ToUnixTimeMilliseconds(), servers.LingerUntil.ToUnixTimeMilliseconds());
        // What was due in a replica that is no more is due in this one.
        await replica.TryWriteAsync(r => replica.Identity != identity ? 0 : due.Sum(d => over.Contains(d.Address)
            ? Done(r, d, now, lingerUntil)
            : r.Run("UPDATE session_end SET due = $1 WHERE account_id = $2 AND due = $3 AND rounds = $4 AND service = $5", due.Count > 1 ? now : now + (long)AfterFault.TotalMilliseconds, d.AccountId, d.At, d.Rounds, d.Service)), stop);
    }

    // Where no Dovecot listens there are no sessions, but of one that was killed. All are ended once more when there is one.
    private async Task NobodyThereAsync(long asked, CancellationToken stop)
    {
        Failed();
        var since = _awaySince ??= time.GetTimestamp();
        if (time.GetElapsedTime(since) < Orphaned) return;
        if (await replica.WriteAsync(r => r.Run("UPDATE session_end SET rounds = 1 WHERE rounds > 1 AND (due <= $1 OR due > $2)", asked, Foreseeable(asked)), stop) > 0) RenewLeases();
    }

    private void RenewLeases()
    {
        foreach (var lease in leases.All) lease.Renew();
    }

    private void Failed()
    {
        if (++_failures == 2) LogFails(); // not of a restart, and not every second of a long night
        _failing = true;
    }

    private void Works()
    {
        (_atOnce, _awaySince) = (Math.Min(MostAtOnce, _atOnce * 2), null);
        if (_failing) RenewLeases();
        _failing = false;
        if (_atFault.Count > 0) return; // with the others
        if (_failures > 1) LogWorksAgain();
        _failures = 0;
    }

    // A change meanwhile has made it due anew, and that stays.
    private static int Done(SqliteConnection r, Due one, long now, long lingerUntil)
    {
        var next = one.Rounds > 1 ? now + (long)SecondRound.TotalMilliseconds : lingerUntil;
        return one.Rounds > 1 || (one.Rounds > 0 && next > now)
            ? r.Run("UPDATE session_end SET due = $1, rounds = rounds - 1 WHERE account_id = $2 AND due = $3 AND rounds = $4 AND service = $5", next, one.AccountId, one.At, one.Rounds, one.Service)
            : r.Run("DELETE FROM session_end WHERE account_id = $1 AND due = $2 AND rounds = $3 AND service = $4", one.AccountId, one.At, one.Rounds, one.Service);
    }

    private sealed record Due(string Service, string AccountId, string Address, long At, long Rounds);

    [LoggerMessage(1, LogLevel.Warning, "Dovecot does not end the sessions of changed passwords and deleted accounts; until it does, this node does not say that such changes are in force")]
    private partial void LogFails();

    [LoggerMessage(3, LogLevel.Warning, "Dovecot does not end the sessions of account {AccountId}, not even alone; it is tried again, after the others")]
    private partial void LogAtFault(string accountId);

    [LoggerMessage(2, LogLevel.Information, "The sessions of changed passwords and deleted accounts are ended again")]
    private partial void LogWorksAgain();
}
