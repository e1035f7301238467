using Hikyaku.Platform;
using Hikyaku.Spam.Accounts;
using Marten;

namespace Hikyaku.Spam;

/// <summary>What the service erases of a deleted account: when it logged in by POP; and nodes are told that nothing is set any more.</summary>
internal sealed class ErasesSpam(IDocumentStore store, TimeProvider time) : ErasesStreams(store)
{
    protected override async Task EraseOthersAsync(IDocumentSession session, string accountId, CancellationToken stop)
    {
        session.QueueSqlCommand("delete from pop_login where account_id = ?", accountId);
        var stream = await session.Events.FetchForWriting<AccountSpam>(accountId, stop);
        if (stream.Aggregate is { Erased: false }) stream.AppendOne(new SpamSettingsErased(time.GetUtcNow()));
    }
}
