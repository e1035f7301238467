using Hikyaku.MailNode.Contracts;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Consumers;

/// <summary>
/// Writes what mailboxes take into the list. It is a fact, not an event: it must not move the account's version. Of two
/// measurements the newer one counts, so duplicates and reordering do not matter.
/// </summary>
public sealed class MailboxUsageConsumer(NpgsqlDataSource database) : IConsumer<MailboxUsageMeasured>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailboxUsageMeasured> context)
    {
        var measured = context.Message;
        await using var command = database.CreateCommand(
            """
            update mail_account_list l set used_bytes = m.used, used_at = $3
            from unnest($1, $2) as m(account_id, used)
            where l.account_id = m.account_id and (l.used_at is null or l.used_at < $3)
            """);
        command.Parameters.Add(new() { Value = measured.Mailboxes.Select(m => m.AccountId).ToArray() });
        command.Parameters.Add(new() { Value = measured.Mailboxes.Select(m => m.UsedBytes).ToArray() });
        command.Parameters.Add(new() { Value = measured.MeasuredAt.ToUniversalTime() });
        await command.ExecuteNonQueryAsync(context.CancellationToken);
    }
}
