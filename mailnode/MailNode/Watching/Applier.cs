using System.Diagnostics;
using System.Threading.Channels;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Writes what the watch brings, many states in one transaction when many wait: a transaction ends on the disk, which takes
/// longer than everything else. What fails is tried again for ever: a state that was put aside would never be obeyed.
/// </summary>
public sealed partial class Applier(
    Replica replica, Parts parts, ReplicaRows rows, OwningServices services, PerService<Lease> leases, PerService<Listing> listings, SessionEnder sessions, TimeProvider time, ILogger<Applier> logger)
    : BackgroundService
{
    private const int InOneTransaction = 256;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<Waiting> _waiting = Channel.CreateBounded<Waiting>(InOneTransaction);
    private long _failingSince;

    /// <summary>Since when writing fails; null when it does not.</summary>
    public DateTimeOffset? FailingSince
        => Interlocked.Read(ref _failingSince) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Ends when the state is on the disk, or was not newer than what is there.</summary>
    public async Task ApplyAsync(object state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var part = parts.Of(state);
        var key = part.IdentityOf(state).Key;
        if (!part.IsWhole(state))
        {
            LogNotWhole(part.Contract.Name, key); // tried again it would be the same; everything behind it would wait
            return;
        }

        using var activity = Telemetry.Source.StartActivity("apply");
        activity?.SetTag("hikyaku.part", part.Contract.Name).SetTag("hikyaku.key", key);
        var waiting = new Waiting(r => rows.Watch(r, state, time.GetUtcNow()));
        await _waiting.Writer.WriteAsync(waiting);
        await waiting.Done.Task;
    }

    /// <summary>Ends when the bookmark is on the disk. What came before it must have been applied.</summary>
    public async Task ApplyAsync(NodeStateBookmark bookmark)
    {
        ArgumentNullException.ThrowIfNull(bookmark);
        if (services.Named(bookmark.Service) is null) return; // a newer service, whose states this version does not keep
        var waiting = new Waiting(r => ReplicaRows.Watch(r, bookmark));
        await _waiting.Writer.WriteAsync(waiting);
        var applied = await waiting.Done.Task;
        sessions.EndDue();
        if (applied) leases[bookmark.Service].Renew(Activity.Current);
        else listings[bookmark.Service].Ask($"the states between the last applied position and {bookmark.After} are missing");
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The bus stops first. What is not written when this stops was not acknowledged either, and comes again.
        while (await _waiting.Reader.WaitToReadAsync(stoppingToken))
        {
            var together = new List<Waiting>(InOneTransaction);
            while (together.Count < InOneTransaction && _waiting.Reader.TryRead(out var one)) together.Add(one);
            await WriteAsync(together, stoppingToken);
        }
    }

    private async Task WriteAsync(List<Waiting> together, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var results = await replica.WriteAsync(r => together.ConvertAll(w => w.Write(r)), stop);
                Interlocked.Exchange(ref _failingSince, 0);
                for (var i = 0; i < together.Count; i++) together[i].Done.SetResult(results[i]);
                return;
            }
            catch (SqliteException e)
            {
                LogFailed(e, together.Count);
                Interlocked.CompareExchange(ref _failingSince, time.GetUtcNow().UtcTicks, 0);
            }

            await Task.Delay(Pause, stop);
        }
    }

    private sealed record Waiting(Func<SqliteConnection, bool> Write)
    {
        public TaskCompletionSource<bool> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    [LoggerMessage(1, LogLevel.Error, "{Count} states cannot be written; they are tried again")]
    private partial void LogFailed(Exception e, int count);

    [LoggerMessage(2, LogLevel.Error, "A {Part} for {Key} lacks what it must have and is passed over")]
    private partial void LogNotWhole(string part, string? key);
}
