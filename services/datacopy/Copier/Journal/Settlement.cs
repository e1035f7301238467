using MailKit;
using MailKit.Net.Imap;

namespace Hikyaku.Copier;

/// <summary>
/// Finds out whether a batch was written whose answer was lost. A batch is written whole or not at all, so that one of its messages is proof
/// for all; the user may have moved or deleted the others since. Mail that arrives in the meantime is no proof, as it has other digests.
/// <list type="number">
/// <item>The folder has not got as many UIDs since as the batch has messages: it was not written.</item>
/// <item>The folder has one of its messages since: it was written.</item>
/// <item>All folders together have, since the run began, more messages with one of its digests than were copied: it was written, and
/// moved. This leaves mail that was in the mailbox before alone, and mail that was copied from another folder.</item>
/// <item>Otherwise it was not written. If the user has deleted the whole batch for good within the seconds of the failure, it comes
/// again: nobody can tell that from mail that arrived and was deleted, and mail must not be lost.</item>
/// </list>
/// </summary>
internal sealed class Settlement(CopyDestination destination, ICopyJournal journal, CopySettings settings)
{
    /// <summary>Settles what a run that was interrupted has left open.</summary>
    public async Task SettleAllAsync(CancellationToken stop)
    {
        foreach (var intent in await journal.OpenAsync(stop)) await journal.SettleAsync(intent.Id, await WasWrittenAsync(intent, stop), stop);
    }

    /// <summary>Whether a batch was written.</summary>
    public async Task<bool> WasWrittenAsync(CopyIntent intent, CancellationToken stop)
    {
        await Task.Delay(settings.SettleAfter, stop);
        using var mailbox = await DestinationMailbox.OpenAsync(destination, settings, stop);
        try
        {
            return await WasWrittenAsync(intent, mailbox, stop);
        }
        catch (Exception e) when (e is ImapCommandException or ImapProtocolException or IOException or ServiceNotConnectedException)
        {
            throw new CopyFailedException(CopyFailureKind.DestinationUnavailable, e.Message, e);
        }
    }

    private async Task<bool> WasWrittenAsync(CopyIntent intent, DestinationMailbox mailbox, CancellationToken stop)
    {
        var digests = intent.Messages.Select(m => m.Digest).ToHashSet();
        var folder = mailbox.Folders.FirstOrDefault(f => f.FullName == intent.DestinationFolder && f.UidValidity == intent.At.UidValidity);
        if (folder is not null)
        {
            if (folder.UidNext is { } next && next.Id < intent.At.UidNext + intent.Messages.Count) return false;
            if ((await mailbox.DigestsAsync(folder, intent.At.UidNext, null, stop)).Any(digests.Contains)) return true;
        }

        var marks = await journal.MarksAsync(stop);
        var copied = await journal.CountAsync(digests, stop);
        var sizes = intent.Messages.Select(m => m.Bytes).ToHashSet();
        var found = new List<string>();
        foreach (var other in mailbox.Folders)
        {
            var first = marks.GetValueOrDefault(other.FullName) is { } mark && mark.UidValidity == other.UidValidity ? mark.UidNext : 1;
            found.AddRange((await mailbox.DigestsAsync(other, first, sizes, stop)).Where(digests.Contains));
        }

        return found.CountBy(d => d).Any(d => d.Value > copied.GetValueOrDefault(d.Key));
    }
}
