using Hikyaku.Accounts.Contracts;
using Marten;

namespace Hikyaku.Platform;

/// <summary>
/// Erases what the event streams of an account tell of a person (OPS-6): their events are masked (<see cref="PersonalDataMask"/>), and their
/// snapshots are made anew from the masked events. As it stands it is for a service whose streams have the account's id; a service with other
/// streams, or with something beside them, derives from it.
/// </summary>
public class ErasesStreams(IDocumentStore store) : IErasesAccounts
{
    /// <inheritdoc/>
    public async Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        await using var session = store.LightweightSession();
        var streams = await StreamsOfAsync(session, deletion.AccountId, stop);
        PersonalDataMask.Mask(session, [.. streams], store.Options.Events.AllKnownEventTypes().ToDictionary(e => e.EventType, e => e.EventTypeName));
        await EraseOthersAsync(session, deletion.AccountId, stop);
        await session.SaveChangesAsync(stop);
        foreach (var stream in streams) await RefreshAsync(stream, stop);
    }

    /// <summary>The keys of the streams that are about an account and nothing else.</summary>
    protected virtual Task<IReadOnlyList<string>> StreamsOfAsync(IQuerySession session, string accountId, CancellationToken stop)
        => Task.FromResult<IReadOnlyList<string>>([accountId]);

    /// <summary>Erases what is kept beside the streams, in the transaction that masks them.</summary>
    protected virtual Task EraseOthersAsync(IDocumentSession session, string accountId, CancellationToken stop) => Task.CompletedTask;

    private async Task RefreshAsync(string stream, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        if (await session.Events.FetchStreamAsync(stream, token: stop) is not [var first, ..]) return;
        foreach (var kind in IStreamKind.AllOf(store).Where(k => k.Events.Contains(first.EventType))) await kind.RefreshAsync(store, stream, stop);
    }
}
