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
public sealed class SessionEnder(Replica replica, Doveadm doveadm, TimeProvider time) : BackgroundService
{
    private const int AtOnce = 100;
    private static readonly TimeSpan SecondRound = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // What is due later than it can be was written by a clock that was ahead and has been put right: it is due now.
    private const long Foreseeable = 10_000;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>
    /// Ends what is due, and returns when it is done, or fails for too long and is left to the next round: until then the node
    /// does not say that it obeys (<see cref="ReplicaRows.Obeyed"/>). When there is no Dovecot, there are no sessions, and once
    /// more they are ended when there is one.
    /// </summary>
    public async Task EndDueAsync(CancellationToken stop = default)
    {
        await _turn.WaitAsync(stop);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            while (!limit.IsCancellationRequested && await EndSomeAsync(limit.Token)) { }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // the next round goes on
        }
        finally
        {
            _turn.Release();
        }
    }

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
                await EndDueAsync(stoppingToken);
            }
            catch (SqliteException)
            {
                // told by whoever writes states; tried again in a second
            }
        }
    }

    // Whether there may be more.
    private async Task<bool> EndSomeAsync(CancellationToken stop)
    {
        if (!replica.IsComplete) return false;
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var due = await replica.WriteAsync(
            r => r.All("SELECT account_id, address, due, rounds FROM session_end WHERE due <= $1 OR due > $3 ORDER BY due LIMIT $2",
                row => new Due(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)), now, AtOnce, now + Foreseeable), stop);
        if (due.Count == 0) return false;
        var sessions = await doveadm.KickAsync([.. due.Select(d => d.Address)], stop);
        if (sessions == KickedSessions.PerhapsOpen) return false;
        var done = sessions == KickedSessions.Over ? due : due.FindAll(d => d.Rounds > 1);
        await replica.WriteAsync(r => done.Sum(d => Done(r, d, now)), stop);
        return sessions == KickedSessions.Over && due.Count == AtOnce;
    }

    // A change meanwhile has made it due anew, and that stays.
    private static int Done(SqliteConnection r, Due one, long now) => one.Rounds > 1
        ? r.Run("UPDATE session_end SET due = $1, rounds = rounds - 1 WHERE account_id = $2 AND due = $3", now + (long)SecondRound.TotalMilliseconds, one.AccountId, one.At)
        : r.Run("DELETE FROM session_end WHERE account_id = $1 AND due = $2", one.AccountId, one.At);

    private sealed record Due(string AccountId, string Address, long At, long Rounds);
}
