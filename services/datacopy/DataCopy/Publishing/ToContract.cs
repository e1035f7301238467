using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;
using JasperFx.Events;

namespace Hikyaku.DataCopy.Publishing;

/// <summary>Which stored event is told to others, and as what. Where a copy comes from is told to nobody.</summary>
internal static class ToContract
{
    /// <summary>The contract; null for what is nobody else's business.</summary>
    public static object? Of(IEvent e)
    {
        var (by, account) = (EventHeaders.CausedByOf(e), e.StreamKey!);
        return e.Data switch
        {
            CopyRequested r => new Contracts.CopyRequested(e.Id, e.Sequence, e.Version, r.At, by, account, r.JobId, r.Domain),
            CopyStarted s => new Contracts.CopyStarted(e.Id, e.Sequence, e.Version, s.At, by, account, s.JobId, s.Domain),
            CopyPaused p => new Contracts.CopyPaused(e.Id, e.Sequence, e.Version, p.At, by, account, p.JobId, p.Cause, p.Until, p.Domain),
            CopyResumed r => new Contracts.CopyResumed(e.Id, e.Sequence, e.Version, r.At, by, account, r.JobId, r.Domain),
            CopySucceeded s => new Contracts.CopySucceeded(e.Id, e.Sequence, e.Version, s.At, by, account, s.JobId, s.Reason, Of(s.Counts), s.Domain),
            CopyFailed f => new Contracts.CopyFailed(e.Id, e.Sequence, e.Version, f.At, by, account, f.JobId, f.Reason, Of(f.Counts), f.Domain),
            CopyCancelled c => new Contracts.CopyCancelled(e.Id, e.Sequence, e.Version, c.At, by, account, c.JobId, Of(c.Counts), c.Domain),
            CopyGrantExtended => null, // nodes are told by the state
            CopyCertificateAccepted => null, // it stands in the account's history, and names the source
            CopiesErased => null, // the account's own deletion is told by the accounts service
            _ => throw new InvalidOperationException($"{e.Data.GetType()} has no contract and no reason for none"),
        };
    }

    private static Contracts.CopiedMessages Of(CopyCounts c) => new(c.Total, c.Copied, c.AlreadyThere, c.SkippedTooLarge, c.Failed);
}
