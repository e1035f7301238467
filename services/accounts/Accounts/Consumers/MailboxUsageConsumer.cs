using Hikyaku.MailNode.Contracts;
using MassTransit;
using Npgsql;

namespace Hikyaku.Accounts.Consumers;

/// <summary>
/// Writes what mailboxes take into the list. It is a fact, not an event: it must not move the account's version. Of two
/// measurements the newer one counts, so duplicates and reordering do not matter. Of an answer it is noted which request it
/// answers: what stands there is at least as new.
/// </summary>
public sealed class MailboxUsageConsumer(NpgsqlDataSource database) : IConsumer<MailboxUsageMeasured>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailboxUsageMeasured> context)
    {
        var measured = context.Message;
        await using var command = database.CreateCommand(
            """
            update mail_account_list l set used_bytes = case when l.used_at >= $3 then l.used_bytes else m.used end, used_at = greatest(l.used_at, $3),
                measured_for = coalesce($4, l.measured_for)
            from unnest($1, $2) as m(account_id, used)
            where l.account_id = m.account_id and ($4 is not null or l.used_at is null or l.used_at < $3)
            """);
        command.Parameters.Add(new() { Value = measured.Mailboxes.Select(m => m.AccountId).ToArray() });
        command.Parameters.Add(new() { Value = measured.Mailboxes.Select(m => m.UsedBytes).ToArray() });
        command.Parameters.Add(new() { Value = measured.MeasuredAt.ToUniversalTime() });
        command.Parameters.Add(new() { Value = (object?)measured.RequestId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        await command.ExecuteNonQueryAsync(context.CancellationToken);
    }
}
