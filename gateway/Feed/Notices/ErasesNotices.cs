using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Npgsql;

namespace Hikyaku.Feed.Notices;

/// <summary>
/// Takes down the notices about a deleted account and those of jobs that its user has started. Nothing is mailed to its user any more, nor for
/// others to its mailbox, whose address may be another account's later.
/// </summary>
public sealed class ErasesNotices(NpgsqlDataSource database) : IErasesAccounts
{
    /// <inheritdoc/>
    public async Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(deletion);
        await using var batch = database.CreateBatch();
        foreach (var sql in new[]
        {
            "delete from notice where account_id = $1 or started_by = $1",
            "delete from notice_mail_wish where reader = $1 or address = (select address from account where account_id = $1)",
        })
            batch.BatchCommands.Add(new(sql) { Parameters = { new() { Value = deletion.AccountId } } });
        await batch.ExecuteNonQueryAsync(stop);
    }
}
