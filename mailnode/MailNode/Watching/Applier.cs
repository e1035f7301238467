using System.Diagnostics;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using Hikyaku.Spam.Contracts;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Writes what the watch brings, in the order in which it came, all that has come together in one transaction: a transaction ends
/// on the disk, which takes longer than everything else. What fails is tried again for ever: a state that was put aside would
/// never be obeyed.
/// </summary>
public sealed partial class Applier(
    Replica replica, Parts parts, ReplicaRows rows, OwningServices services, PerService<Lease> leases, PerService<Listing> listings, SessionEnder sessions, SigningKeys signing,
    Usage usage, RulePreviews previews, Traces traces, TimeProvider time, ILogger<Applier> logger)
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private long _failingSince;

    /// <summary>Since when writing fails; null when it does not.</summary>
    public DateTimeOffset? FailingSince
        => Interlocked.Read(ref _failingSince) is var ticks and not 0 ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;

    /// <summary>Ends when all of it is on the disk, or was not newer than what is there.</summary>
    public async Task ApplyAsync(IReadOnlyList<WatchMessage> messages, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var wanted = messages.Where(IsToBeWritten).ToList();
        if (wanted.Count > 0)
        {
            var spans = wanted.ConvertAll(Begin);
            var written = await WriteAsync(wanted, stop);
            for (var i = spans.Count - 1; i >= 0; i--) spans[i]?.Dispose(); // each was begun within the one before
            sessions.EndDue();
            await signing.WriteDueAsync(stop);
            foreach (var (message, isWritten) in wanted.Zip(written)) Tell(message, isWritten);
        }

        // Nobody waits for Dovecot here.
        foreach (var asked in messages.Select(m => m.Content).OfType<MailboxMeasurementAsked>()) usage.Ask(asked);
        foreach (var asked in messages.Select(m => m.Content).OfType<RulePreviewAsked>()) previews.Ask(asked);
        foreach (var asked in messages.Select(m => m.Content).OfType<TraceAsked>()) traces.Ask(asked);
    }

    private bool IsToBeWritten(WatchMessage message)
    {
        if (message.Content is MailboxMeasurementAsked or RulePreviewAsked or TraceAsked) return false;
        if (message.Content is NodeStateBookmark bookmark) return services.Named(bookmark.Service) is not null; // a newer service's states are not kept
        var part = parts.Of(message.Content);
        if (part.IsWhole(message.Content)) return true;
        LogNotWhole(part.Contract.Name, part.IdentityOf(message.Content).Key); // tried again it would be the same; everything behind it would wait
        return false;
    }

    private Activity? Begin(WatchMessage message)
    {
        if (message.Content is NodeStateBookmark || message.Cause == default) return null;
        var part = parts.Of(message.Content);
        var span = Telemetry.Source.StartActivity("apply", ActivityKind.Consumer, message.Cause);
        return span?.SetTag("hikyaku.part", part.Contract.Name).SetTag("hikyaku.key", part.IdentityOf(message.Content).Key);
    }

    private async Task<List<bool>> WriteAsync(List<WatchMessage> messages, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var now = time.GetUtcNow();
                var written = await replica.WriteAsync(r => messages.ConvertAll(m => m.Content is NodeStateBookmark b ? ReplicaRows.Watch(r, b) : rows.Watch(r, m.Content, now)), stop);
                Interlocked.Exchange(ref _failingSince, 0);
                return written;
            }
            catch (SqliteException e)
            {
                LogFailed(e, messages.Count);
                Interlocked.CompareExchange(ref _failingSince, time.GetUtcNow().UtcTicks, 0);
            }

            await Task.Delay(Pause, stop);
        }
    }

    private void Tell(WatchMessage message, bool isWritten)
    {
        if (message.Content is not NodeStateBookmark bookmark) return;
        if (isWritten) leases[bookmark.Service].Renew(message.Cause);
        else listings[bookmark.Service].Ask($"the states between the last applied position and {bookmark.After} are missing");
    }

    [LoggerMessage(1, LogLevel.Error, "{Count} states cannot be written; they are tried again")]
    private partial void LogFailed(Exception e, int count);

    [LoggerMessage(2, LogLevel.Error, "A {Part} for {Key} lacks what it must have and is passed over")]
    private partial void LogNotWhole(string part, string? key);
}
