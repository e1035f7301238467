using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Ends the open sessions of accounts whose password has changed or that are gone. What is to be ended stands in the replica,
/// written with the change itself, so that neither a crash nor a Dovecot that is away lets a session live on.
/// <para>
/// Twice, a second apart: a login whose password was checked just before the change may open its session just after the first
/// round. Who has logged in with the new password meanwhile is thrown out as well, and comes back by itself.
/// </para>
/// <para>
/// Postfix keeps the name that it was told at the login as long as the connection lasts, and cannot be asked to forget one.
/// So this name is <c>address/life.version</c>, the version being the account's when its present password came: after a change
/// the name is nobody's any more, and Postfix ends the connection at the next message (sessions.cf).
/// </para>
/// </summary>
public sealed partial class SessionEnder(Replica replica, Doveadm doveadm, MailServers servers, Lease lease, TimeProvider time, ILogger<SessionEnder> logger) : BackgroundService
{
    private const int MostAtOnce = 100;
    private static readonly TimeSpan SecondRound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // So long may sessions live on whose Dovecot was killed: then they have noticed it, unless somebody keeps them busy.
    private static readonly TimeSpan Orphaned = TimeSpan.FromSeconds(10);

    // What is due later than it can be was written by a clock that was ahead and has been put right: it is due now.
    private const long Foreseeable = 10_000;

    private readonly SemaphoreSlim _turn = new(1);
    private int _atOnce = MostAtOnce;
    private long? _awaySince;
    private volatile bool _failing;
    private int _failures;

    /// <summary>
    /// Ends what is due, and returns when it is done or has failed: until it is done the node does not say that it obeys
    /// (<see cref="ReplicaRows.Obeyed"/>). While it fails nobody waits for it; the rounds go on by themselves.
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
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await EndRoundAsync(stoppingToken);
            }
            catch (SqliteException)
            {
                // told by whoever writes states; tried again in a second
            }
        }
    }

    private async Task EndRoundAsync(CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        var goesOn = false;
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            do goesOn = await EndSomeAsync(limit.Token);
            while (goesOn && !limit.IsCancellationRequested);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            _awaySince = null;
            _atOnce = Math.Max(1, _atOnce / 2); // what is too much at once may be done in smaller parts
            if (!goesOn) Failed();
        }
        finally
        {
            _turn.Release();
        }
    }

    // Whether there may be more.
    private async Task<bool> EndSomeAsync(CancellationToken stop)
    {
        if (!replica.IsComplete) return false;
        var (now, atOnce) = (time.GetUtcNow().ToUnixTimeMilliseconds(), _atOnce);
        // First rounds first: what is not obeyed yet must not wait for what is only looked at again.
        var due = await replica.WriteAsync(
            r => r.All("SELECT account_id, address, due, rounds FROM session_end WHERE due <= $1 OR due > $3 ORDER BY rounds DESC, due LIMIT $2",
                row => new Due(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)), now, atOnce, now + Foreseeable), stop);
        if (due.Count == 0)
        {
            Works();
            return false;
        }

        // Else who logs in after this with the old password would stay.
        if (!await servers.DovecotReadsTheNewAsync(stop))
        {
            Failed();
            return false;
        }

        var (isThere, over) = await doveadm.KickAsync([.. due.Select(d => d.Address)], stop);
        if (!isThere)
        {
            await NobodyThereAsync(now, stop);
            return false;
        }

        _awaySince = null;
        var done = due.FindAll(d => over.Contains(d.Address));
        // Who was refused comes after the others next time.
        await replica.WriteAsync(r => due.Sum(d => over.Contains(d.Address) ? Done(r, d, now)
            : r.Run("UPDATE session_end SET due = $1 WHERE account_id = $2 AND due = $3", now, d.AccountId, d.At)), stop);
        if (done.Count < due.Count) Failed();
        else Works();
        if (_failing && done.Exists(d => d.Rounds > 1)) lease.Renew();
        return done.Count == due.Count && due.Count == atOnce;
    }

    // Where no Dovecot listens there are no sessions, but of one that was killed. All are ended once more when there is one.
    private async Task NobodyThereAsync(long asked, CancellationToken stop)
    {
        Failed();
        var since = _awaySince ??= time.GetTimestamp();
        if (time.GetElapsedTime(since) < Orphaned) return;
        if (await replica.WriteAsync(r => r.Run("UPDATE session_end SET rounds = 1 WHERE rounds > 1 AND (due <= $1 OR due > $2)", asked, asked + Foreseeable), stop) > 0) lease.Renew();
    }

    private void Failed()
    {
        if (++_failures == 2) LogFails(); // not of a restart, and not every second of a long night
        _failing = true;
    }

    private void Works()
    {
        (_atOnce, _awaySince) = (Math.Min(MostAtOnce, _atOnce * 2), null);
        if (!_failing) return;
        if (_failures > 1) LogWorksAgain();
        (_failing, _failures) = (false, 0);
        lease.Renew();
    }

    // A change meanwhile has made it due anew, and that stays.
    private static int Done(SqliteConnection r, Due one, long now) => one.Rounds > 1
        ? r.Run("UPDATE session_end SET due = $1, rounds = rounds - 1 WHERE account_id = $2 AND due = $3", now + (long)SecondRound.TotalMilliseconds, one.AccountId, one.At)
        : r.Run("DELETE FROM session_end WHERE account_id = $1 AND due = $2", one.AccountId, one.At);

    private sealed record Due(string AccountId, string Address, long At, long Rounds);

    [LoggerMessage(1, LogLevel.Warning, "Dovecot does not end the sessions of changed passwords and deleted accounts; until it does, this node does not say that such changes are in force")]
    private partial void LogFails();

    [LoggerMessage(2, LogLevel.Information, "The sessions of changed passwords and deleted accounts are ended again")]
    private partial void LogWorksAgain();
}
