using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices;

/// <summary>Takes down the notices about a deleted account, and those of jobs that its user has started.</summary>
public sealed class ErasesNotices(NpgsqlDataSource database) : IErasesAccounts
{
    /// <inheritdoc/>
    public async Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        await using var command = database.CreateCommand("delete from notice where account_id = $1 or started_by = $1");
        command.Parameters.Add(new() { Value = deletion.AccountId });
        await command.ExecuteNonQueryAsync(stop);
    }
}
