using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;
using Marten;

namespace Hikyaku.Routing;

/// <summary>What the service erases of a deleted account: its events are masked, and nodes are told that nothing is set any more.</summary>
internal sealed class ErasesRouting(IDocumentStore store, TimeProvider time) : ErasesStreams(store)
{
    protected override async Task EraseOthersAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        var stream = await session.Events.FetchForWriting<MailboxRouting>(accountId, stop);
        if (stream.Aggregate is { Erased: false }) stream.AppendOne(new RoutingErased(time.GetUtcNow()));
    }
}
