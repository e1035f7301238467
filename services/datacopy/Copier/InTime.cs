namespace Hikyaku.Copier;

/// <summary>Work that may take so long and no longer.</summary>
internal static class InTime
{
    /// <summary>Works; what <paramref name="late"/> makes is thrown when the time is over.</summary>
    public static async Task<T> RunAsync<T>(Func<CancellationToken, Task<T>> work, TimeSpan within, Func<Exception, Exception> late, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(within);
        try
        {
            return await work(limit.Token);
        }
        catch (OperationCanceledException e) when (!stop.IsCancellationRequested)
        {
            throw late(e);
        }
    }
}
