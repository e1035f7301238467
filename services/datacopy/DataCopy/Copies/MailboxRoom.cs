using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Marten;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.DataCopy.Copies;

/// <summary>How much room mailboxes have, as nodes measure and the accounts service decides it: for the confirmation screen only, Dovecot judges each batch.</summary>
public sealed class MailboxRoom(NpgsqlDataSource database)
{
    /// <summary>The table, beside Marten's own.</summary>
    public static Table Table()
    {
        var table = new Table("mailbox_room");
        table.AddColumn<string>("account_id").AsPrimaryKey();
        table.AddColumn<long>("used_bytes").NotNull().DefaultValue(0);
        table.AddColumn<DateTimeOffset>("measured_at");
        table.AddColumn<int>("capacity_mb");
        table.AddColumn<long>("capacity_version").NotNull().DefaultValue(0); // of the account's stream; 0: a node told it
        return table;
    }

    /// <summary>How many bytes are free; null: not known yet.</summary>
    public async Task<long?> FreeBytesAsync(string accountId, CancellationToken stop)
        => await database.ListAsync(
            $"select greatest(0, capacity_mb * 1048576::bigint - used_bytes) from mailbox_room where account_id = {accountId} and capacity_mb is not null", row => row.GetInt64(0), stop) is [var free] ? free : null;
}

/// <summary>Keeps <see cref="MailboxRoom"/>: of measurements the newest counts, of capacities the one with the highest version.</summary>
public sealed class RoomConsumer(IDocumentStore store) : IConsumer<MailboxUsageMeasured>, IConsumer<MailAccountCreated>, IConsumer<MailAccountCapacityChanged>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailboxUsageMeasured> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        await using var session = store.LightweightSession();
        foreach (var mailbox in context.Message.Mailboxes.OrderBy(m => m.AccountId, StringComparer.Ordinal))
        {
            if (!await ErasedAccounts.HoldAsync(session, mailbox.AccountId, context.CancellationToken)) continue;
            session.QueueSqlCommand(
                """
                insert into mailbox_room as r (account_id, used_bytes, measured_at, capacity_mb) values (?, ?, ?, ?)
                on conflict (account_id) do update set used_bytes = excluded.used_bytes, measured_at = excluded.measured_at,
                    capacity_mb = case when r.capacity_version = 0 then coalesce(excluded.capacity_mb, r.capacity_mb) else r.capacity_mb end
                where r.measured_at is null or r.measured_at < excluded.measured_at
                """, mailbox.AccountId, mailbox.UsedBytes, context.Message.MeasuredAt.ToUniversalTime(), (object?)mailbox.CapacityMb ?? DBNull.Value);
        }

        await session.SaveChangesAsync(context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountCreated> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return SetAsync(context.Message.AccountId, context.Message.Version, context.Message.CapacityMb, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountCapacityChanged> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return SetAsync(context.Message.AccountId, context.Message.Version, context.Message.CapacityMb, context.CancellationToken);
    }

    private async Task SetAsync(string accountId, long version, int capacityMb, CancellationToken stop)
    {
        await using var session = store.LightweightSession();
        if (!await ErasedAccounts.HoldAsync(session, accountId, stop)) return;
        session.QueueSqlCommand(
            """
            insert into mailbox_room as r (account_id, capacity_mb, capacity_version) values (?, ?, ?)
            on conflict (account_id) do update set capacity_mb = excluded.capacity_mb, capacity_version = excluded.capacity_version where r.capacity_version < excluded.capacity_version
            """, accountId, capacityMb, version);
        await session.SaveChangesAsync(stop);
    }
}
