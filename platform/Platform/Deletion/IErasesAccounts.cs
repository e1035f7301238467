using Hikyaku.Accounts.Contracts;

namespace Hikyaku.Platform;

/// <summary>
/// A program's part in the deletion of an account (ACC-5). The program registers it with
/// <see cref="DeletionParticipant.AddDeletionParticipant{T}"/>; the platform does the rest.
/// </summary>
public interface IErasesAccounts
{
    /// <summary>
    /// Erases everything that the program keeps of an account, for good. May be called again for the same account. What it throws is
    /// logged, and it is called again until it succeeds; only then the program reports that nothing is left.
    /// </summary>
    /// <param name="deletion">Which account, and when and by whom it was deleted.</param>
    /// <param name="stop">The program stops.</param>
    Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop);
}
