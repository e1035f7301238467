using Hikyaku.Platform;

namespace Hikyaku.Gateway.Sessions;

/// <summary>
/// Ends what goes on for as long as somebody listens when their session or token ends or its scope changes: a stream is judged when it
/// begins, and must not outlive a sign-out. It looks every two seconds, as every request does, so that whatever ended the
/// session, at whichever gateway, counts.
/// </summary>
public sealed class SessionWatch(SessionReader sessions, TimeProvider time)
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);

    /// <summary>Runs something that is told to stop when the session is not any more what it was.</summary>
    /// <param name="asker">Whose it is.</param>
    /// <param name="stream">What runs.</param>
    /// <param name="gone">Cancelled when nobody listens any more.</param>
    public async Task<T> RunAsync<T>(Asker asker, Func<CancellationToken, Task<T>> stream, CancellationToken gone)
    {
        ArgumentNullException.ThrowIfNull(asker);
        ArgumentNullException.ThrowIfNull(stream);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(gone);
        var watching = WatchAsync(asker, end);
        try
        {
            return await stream(end.Token);
        }
        finally
        {
            await end.CancelAsync();
            await watching;
        }
    }

    private async Task WatchAsync(Asker asker, CancellationTokenSource end)
    {
        using var timer = new PeriodicTimer(Look, time);
        try
        {
            while (await timer.WaitForNextTickAsync(end.Token) && await StandsAsync(asker)) { }
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
            // the stream has ended before the session
        }
        finally
        {
            await end.CancelAsync();
        }
    }

    private async Task<bool> StandsAsync(Asker asker)
    {
        try
        {
            return await sessions.FindAgainAsync(asker) is { } now && now.Standing == asker.Session.Standing && now.MustEnrol == asker.Session.MustEnrol;
        }
        catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
        {
            return true; // judged when the database is back; that it is away is told by the gateway's health
        }
    }
}
