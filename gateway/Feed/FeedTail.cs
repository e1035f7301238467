using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed;

/// <summary>Events that match the filter, and the position up to which they were looked for.</summary>
/// <param name="Events">Oldest first.</param>
/// <param name="Through">No other event up to this position matches: the next read begins here.</param>
public sealed record FeedPage(IReadOnlyList<FeedEvent> Events, long Through);

/// <summary>
/// The newest end of the log, read once per process and kept for all who follow it, woken by NOTIFY and polling every
/// second, so that a hundred followers cause no queries of their own. Older events are read in pages.
/// </summary>
public sealed partial class FeedTail(NpgsqlDataSource database, FeedLog log, Followers followers, TimeProvider time, ILogger<FeedTail> logger) : BackgroundService
{
    /// <summary>How many events are kept in memory, of about a kilobyte each.</summary>
    public const int Kept = 8192;

    private const int PageSize = 1000;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly string Appointed = RecordedContracts.NameOf(typeof(DomainAdministratorAppointed));
    private static readonly string Dismissed = RecordedContracts.NameOf(typeof(DomainAdministratorDismissed));
    private static readonly string PasswordChanged = RecordedContracts.NameOf(typeof(StaffPasswordChanged));

    private readonly Lock _lock = new();
    private readonly FeedEvent[] _ring = new FeedEvent[Kept];
    private int _first;
    private int _count;
    private long _after; // the ring has everything after this position
    private long _newest;
    private long _lookedAt;
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Since when it has not looked at the log; grows while the database is away.</summary>
    public TimeSpan SinceLook => time.GetElapsedTime(Interlocked.Read(ref _lookedAt));

    /// <summary>The newest position that it has seen.</summary>
    public long Newest
    {
        get
        {
            lock (_lock) return _newest;
        }
    }

    /// <summary>Reads the events after a position: recent ones from memory, otherwise a page of the log.</summary>
    /// <param name="after">Where the last page ended.</param>
    /// <param name="filter">Which events.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<FeedPage> ReadAsync(long after, FeedFilter filter, int limit, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (TryRead(after, limit) is { } recent)
            return recent is [] ? new([], after) : new([.. recent.Where(filter.Matches)], recent[^1].Position);
        var newest = Newest;
        var events = await log.ReadAsync(after, filter, limit, newest, stop);
        return new(events, events.Count == limit ? events[^1].Position : newest);
    }

    /// <summary>Waits until there is something after a position; answers false when there was nothing for some time.</summary>
    public async Task<bool> WaitAsync(long after, TimeSpan patience, CancellationToken stop)
    {
        Task more;
        lock (_lock)
        {
            if (_newest > after) return true;
            more = _more.Task;
        }

        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop);
        await Task.WhenAny(more, Task.Delay(patience, time, end.Token));
        await end.CancelAsync(); // ends the timer
        stop.ThrowIfCancellationRequested();
        return more.IsCompleted;
    }

    /// <inheritdoc/>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        _newest = _after = await log.NewestAsync(cancellationToken);
        Interlocked.Exchange(ref _lookedAt, time.GetTimestamp());
        await base.StartAsync(cancellationToken);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogAway(e);
                await Task.Delay(Look, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                break; // told to stop
            }
        }
    }

    private async Task FollowAsync(CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var changed = true; // assumed, because this process did not listen before
        connection.Notification += (_, told) => changed |= told.Payload == FeedLog.Change;
        await using (var listen = new NpgsqlCommand($"listen {FeedLog.Channel}", connection)) await listen.ExecuteNonQueryAsync(stop);
        while (true)
        {
            if (changed) Forget();
            changed = false;
            while (await ReadOnAsync(stop) == PageSize) { }
            Interlocked.Exchange(ref _lookedAt, time.GetTimestamp());
            await connection.WaitAsync(Look, stop);
        }
    }

    private async Task<int> ReadOnAsync(CancellationToken stop)
    {
        var page = await log.ReadAsync(Newest, FeedFilter.All, PageSize, stop: stop);
        // The change affects what a follower may see: its stream ends, the client reconnects, and its access is judged again.
        foreach (var e in page.Where(e => e.Type == Appointed || e.Type == Dismissed || e.Type == PasswordChanged))
            followers.End(JsonNode.Parse(e.Data)!["login"]!.GetValue<string>());
        if (page.Count > 0) Keep(page);
        return page.Count;
    }

    private void Keep(IReadOnlyList<FeedEvent> page)
    {
        TaskCompletionSource more;
        lock (_lock)
        {
            foreach (var e in page)
            {
                if (_count == Kept)
                {
                    _after = _ring[_first].Position;
                    _first = (_first + 1) % Kept;
                    _count--;
                }

                _ring[(_first + _count++) % Kept] = e;
            }

            _newest = page[^1].Position;
            (more, _more) = (_more, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        more.SetResult();
    }

    // The events in memory may still hold erased data, or lack a domain: from now on they are read from the log.
    private void Forget()
    {
        lock (_lock)
        {
            Array.Clear(_ring);
            (_first, _count, _after) = (0, 0, _newest);
        }
    }

    // Null when the position is older than what is in memory.
    private FeedEvent[]? TryRead(long after, int limit)
    {
        lock (_lock)
        {
            if (after < _after) return null;
            var (low, high) = (0, _count); // the first after the position
            while (low < high)
            {
                var middle = (low + high) / 2;
                if (At(middle).Position <= after) low = middle + 1;
                else high = middle;
            }

            var page = new FeedEvent[Math.Min(limit, _count - low)];
            for (var i = 0; i < page.Length; i++) page[i] = At(low + i);
            return page;
        }

        FeedEvent At(int index) => _ring[(_first + index) % Kept];
    }

    [LoggerMessage(1, LogLevel.Warning, "The newest events cannot be read; will retry")]
    private partial void LogAway(Exception exception);
}
