using Hikyaku.Platform;
using Hikyaku.Restrictions.Contracts;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Consumers;

/// <summary>
/// Writes into the list what restricts an account, for lists and exports; the account's own page asks the restrictions service. The
/// highest version counts, so that duplicates and reordering do not matter.
/// </summary>
public sealed class RestrictionsConsumer(NpgsqlDataSource database) : IConsumer<RestrictionsSummarized>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<RestrictionsSummarized> context)
    {
        var told = context.Message;
        string[] kinds = [.. told.Kinds];
        return database.ExecuteAsync(
            $"""
            update mail_account_list set restrictions = {kinds}, restrictions_version = {told.Version}
            where account_id = {told.AccountId} and restrictions_version < {told.Version}
            """, context.CancellationToken);
    }
}
