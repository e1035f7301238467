using Hikyaku.Platform;
using Hikyaku.Spam.Contracts;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Consumers;

/// <summary>
/// Writes into the list what the spam service has set of an account, for lists and exports; the account's own page asks that
/// service. The highest version counts, so that duplicates and reordering do not matter.
/// </summary>
public sealed class SpamConsumer(NpgsqlDataSource database) : IConsumer<SpamSummarized>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<SpamSummarized> context)
    {
        var told = context.Message;
        return database.ExecuteAsync(
            $"""
            update mail_account_list set tag_subject = {told.TagSubject}, sort_to_junk = {told.SortToJunk}, spam_version = {told.Version}
            where account_id = {told.AccountId} and spam_version < {told.Version}
            """, context.CancellationToken);
    }
}
