using System.Collections.Concurrent;

namespace Hikyaku.Copier;

/// <summary>
/// Copies a mailbox from any IMAP server into one of ours: all folders and messages, byte by byte, with flags, keywords and dates. It never
/// changes the source, never deletes at the destination, and never copies a message twice: not after a crash at any point, not
/// when the source has numbered its messages anew, not when the user has moved what was copied (CPY-2 to CPY-4). Run it again to go on or
/// to copy what is new.
/// </summary>
/// <param name="connector">Reaches the source.</param>
/// <param name="settings">Bounds.</param>
public sealed class MailboxCopier(SourceConnector connector, CopySettings settings)
{
    /// <summary>Copies.</summary>
    /// <param name="source">From where.</param>
    /// <param name="destination">Into which mailbox.</param>
    /// <param name="journal">What was copied before; of this pair of mailboxes.</param>
    /// <param name="listener">Is told of progress after each batch.</param>
    /// <param name="stop">Ends it at once; another run goes on.</param>
    public async Task<CopyResult> CopyAsync(CopySource source, CopyDestination destination, ICopyJournal journal, IProgress<CopyProgress>? listener, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(journal);
        var tally = new CopyTally(listener);
        var run = new Run(source, destination, journal, new Settlement(destination, journal, settings), tally, []);
        try
        {
            await run.Settlement.SettleAllAsync(stop);
            using var link = new SourceLink(connector, source, settings);
            var (folders, present) = await PlanAsync(run, link, stop);
            await CopyTogetherAsync(run with { Present = present }, link, new(folders), stop);
            return tally.Result(null);
        }
        catch (CopyFailedException e)
        {
            return tally.Result(e.Failure);
        }
    }

    // Folders that go into the same one are copied one after the other: what is written into a folder is always of one batch alone.
    private async Task<(IEnumerable<IReadOnlyList<FolderCopier>> Folders, IReadOnlyCollection<string> Present)> PlanAsync(Run run, SourceLink link, CancellationToken stop)
    {
        using var mailbox = await DestinationMailbox.OpenAsync(run.Destination, settings, stop);
        await run.Journal.MarkAsync(mailbox.Marks(), stop);
        var (session, found) = await ListAsync(link, stop);
        var sizes = found.ToDictionary(f => f.Folder.Name);
        var plans = FolderMap.Plan([.. found.Select(f => f.Folder)], session.Prefix, mailbox.ByRole(), mailbox.Separator, session.KnowsLabels);
        foreach (var plan in plans) run.Tally.Add(plan, sizes[plan.Source.Name].Messages, sizes[plan.Source.Name].Bytes);
        return (plans.Where(p => p.Destination is not null).GroupBy(p => p.Destination)
            .OrderByDescending(g => g.Sum(p => (long)sizes[p.Source.Name].Messages))
            .Select(g => g.Select(p => new FolderCopier(p, run.Journal, run.Tally, settings)).ToList()), sizes.Keys);
    }

    private static async Task<(SourceSession Session, IReadOnlyList<(SourceFolder Folder, int Messages, long? Bytes)> Folders)> ListAsync(SourceLink link, CancellationToken stop)
    {
        while (true)
        {
            try
            {
                var session = await link.SessionAsync(stop);
                return (session, await session.ListAsync(stop));
            }
            catch (CopyFailedException e)
            {
                if (!await link.PauseAsync(e, stop)) throw;
            }
        }
    }

    private async Task CopyTogetherAsync(Run run, SourceLink link, ConcurrentQueue<IReadOnlyList<FolderCopier>> work, CancellationToken stop)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var helpers = Enumerable.Range(0, Math.Max(0, Math.Min(settings.SourceConnections, work.Count) - 1))
            .Select(_ => HelpAsync(run, link.Route, work, ended.Token)).ToList();
        try
        {
            await DrainAsync(run, link, work, stop);
            await Task.WhenAll(helpers);
            await DrainAsync(run, link, work, stop); // what a helper has given back
        }
        finally
        {
            await ended.CancelAsync();
            await Task.WhenAll(helpers).ContinueWith(_ => { }, TaskScheduler.Default); // its failure is thrown above, or follows from another
        }
    }

    // The source may allow one connection only, or fewer than before: then the first one does it all.
    private async Task HelpAsync(Run run, SourceRoute? route, ConcurrentQueue<IReadOnlyList<FolderCopier>> work, CancellationToken stop)
    {
        using var link = new SourceLink(connector, run.Source, settings with { Attempts = 1 }, route);
        try
        {
            await link.SessionAsync(stop);
            await DrainAsync(run, link, work, stop);
        }
        catch (CopyFailedException e) when (e.Kind is not (CopyFailureKind.Capacity or CopyFailureKind.DestinationUnavailable))
        {
            // Nothing is lost: what it had begun is in the queue again.
        }
    }

    private async Task DrainAsync(Run run, SourceLink link, ConcurrentQueue<IReadOnlyList<FolderCopier>> work, CancellationToken stop)
    {
        using var writer = new BatchWriter(run.Destination, run.Journal, run.Settlement, run.Tally, run.Present, settings);
        while (work.TryDequeue(out var group))
        {
            try
            {
                foreach (var folder in group.Where(f => !f.IsDone)) await folder.CopyAsync(link, writer, stop);
            }
            catch (CopyFailedException)
            {
                work.Enqueue(group);
                throw;
            }
        }
    }

    private sealed record Run(CopySource Source, CopyDestination Destination, ICopyJournal Journal, Settlement Settlement, CopyTally Tally, IReadOnlyCollection<string> Present);
}
