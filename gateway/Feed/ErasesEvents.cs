using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Feed;

/// <summary>The feed's part in a deletion (OPS-6): what was recorded of the account stays, without the person.</summary>
public sealed class ErasesEvents(FeedLog log) : IErasesAccounts
{
    /// <inheritdoc/>
    public Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        return log.EraseAsync(deletion.AccountId, stop);
    }
}
