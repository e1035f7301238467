using Hikyaku.Accounts.Contracts;
using Hikyaku.Gateway.Tokens;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Sessions;

/// <summary>The gateway's part in a deletion (ACC-5): all sessions and tokens of the account end, and nothing of it is left here.</summary>
public sealed class ErasesSessions(SessionStore sessions, TokenStore tokens) : IErasesAccounts
{
    /// <inheritdoc/>
    public async Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        // A sign-in that overlaps with the deletion has seen an earlier version, so its session never counts.
        await sessions.PasswordChangedAsync(deletion.AccountId, deletion.Version, null, deletion.At, stop);
        await sessions.EraseAsync(deletion.AccountId, stop);
        await tokens.EraseAsync(deletion.AccountId, stop);
    }
}
