using Marten;

namespace Hikyaku.Platform.Tests.Integration;

/// <summary>The miniature service's part in a deletion: the parcel with the account's id, and what was asked for it.</summary>
internal sealed class ErasesParcels(IDocumentStore store, Levers levers) : ErasesStreams(store)
{
    protected override async Task EraseOthersAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        await levers.BeforeErasing(accountId);
        session.DeleteWhere<Note>(n => n.Id.StartsWith($"asked-{accountId}-"));
    }
}
