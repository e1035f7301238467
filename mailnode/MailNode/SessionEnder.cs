namespace Hikyaku.MailNode;

/// <summary>
/// Ends the open sessions of accounts whose password has changed or that are gone. What is to be ended stands in the replica,
/// written with the change itself, so that neither a crash nor a Dovecot that is away lets a session live on.
/// </summary>
public sealed class SessionEnder(Replica replica, Doveadm doveadm, TimeProvider time) : BackgroundService
{
    private const int AtOnce = 100;
    private static readonly TimeSpan SecondRound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _news = new(0, 1);

    /// <summary>Looks now whether there is something to end.</summary>
    public void Look()
    {
        try
        {
            _news.Release();
        }
        catch (SemaphoreFullException)
        {
            // it is about to look
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _news.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _news.WaitAsync(Pause, stoppingToken);
            try
            {
                await EndDueAsync(stoppingToken);
            }
            catch (Microsoft.Data.Sqlite.SqliteException)
            {
                // told by whoever writes states; tried again in a second
            }
        }
    }

    private async Task EndDueAsync(CancellationToken stop)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var due = await replica.WriteAsync(
            r => r.All("SELECT account_id, address, due, rounds FROM session_end WHERE due <= $1 ORDER BY due LIMIT $2",
                row => new Due(row.GetString(0), row.GetString(1), row.GetInt64(2), row.GetInt64(3)), now, AtOnce), stop);
        foreach (var one in due)
        {
            // Dovecot is away, and with it every session; whatever it has when it comes back is looked at again.
            if (!await doveadm.KickAsync(one.Address, stop)) return;
            await replica.WriteAsync(r => one.Rounds > 1
                // A change meanwhile has made it due anew, and stays so.
                ? r.Run("UPDATE session_end SET due = $1, rounds = rounds - 1 WHERE account_id = $2 AND due = $3", now + (long)SecondRound.TotalMilliseconds, one.AccountId, one.At)
                : r.Run("DELETE FROM session_end WHERE account_id = $1 AND due = $2", one.AccountId, one.At), stop);
        }
    }

    private sealed record Due(string AccountId, string Address, long At, long Rounds);
}
