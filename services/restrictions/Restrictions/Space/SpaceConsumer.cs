using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Marten;
using MassTransit;

namespace Hikyaku.Restrictions.Space;

/// <summary>
/// Keeps how full mailboxes are. Of measurements the newest counts, of capacities the one with the highest version, so that duplicates
/// and reordering do not matter. A deleted account has no row again.
/// </summary>
public sealed class SpaceConsumer(IDocumentStore store)
    : IConsumer<MailboxUsageMeasured>, IConsumer<MailAccountCreated>, IConsumer<MailAccountCapacityChanged>, IConsumer<DeliveriesObserved>
{
    private const string FullSince =
        $"update mailbox_space set full_since = case when {MailboxSpace.IsFull} then coalesce(full_since, ?) end where account_id = ? and (full_since is null) = {MailboxSpace.IsFull}";

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MailboxUsageMeasured> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var measured = context.Message;
        var at = measured.MeasuredAt.ToUniversalTime();
        await using var session = store.LightweightSession();
        foreach (var mailbox in measured.Mailboxes.OrderBy(m => m.AccountId, StringComparer.Ordinal))
        {
            if (!await ErasedAccounts.HoldAsync(session, mailbox.AccountId, context.CancellationToken)) continue;
            session.QueueSqlCommand(
                """
                insert into mailbox_space as s (account_id, used_bytes, measured_at, capacity_mb) values (?, ?, ?, ?)
                on conflict (account_id) do update set used_bytes = excluded.used_bytes, measured_at = excluded.measured_at,
                    capacity_mb = case when s.capacity_version = 0 then coalesce(excluded.capacity_mb, s.capacity_mb) else s.capacity_mb end,
                    refused_at = case when excluded.used_bytes < s.used_bytes then null else s.refused_at end,
                    freed_at = case when excluded.used_bytes < s.used_bytes then excluded.measured_at else s.freed_at end
                where s.measured_at is null or s.measured_at < excluded.measured_at
                """, mailbox.AccountId, mailbox.UsedBytes, at, (object?)mailbox.CapacityMb ?? DBNull.Value);
            session.QueueSqlCommand(FullSince, at, mailbox.AccountId);
        }

        await session.SaveChangesAsync(context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountCreated> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var made = context.Message;
        return SetAsync(made.AccountId, made.Version, made.CapacityMb, made.At, made.Address, made.Domain, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<MailAccountCapacityChanged> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var changed = context.Message;
        return SetAsync(changed.AccountId, changed.Version, changed.CapacityMb, changed.At, null, changed.Domain, context.CancellationToken);
    }

    /// <summary>
    /// Mail that a mailbox had no space for. A refusal from before something was freed says nothing, and mail that was stored later says that
    /// there is space: only what was refused was too large. Later is a second later, as Postfix's log tells seconds.
    /// </summary>
    public async Task Consume(ConsumeContext<DeliveriesObserved> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var refused = context.Message.Deliveries.Where(d => d is { Kind: DeliveryKinds.Refused or DeliveryKinds.Deferred or DeliveryKinds.Bounced, Direction: "received", Dsn: "5.2.2" or "4.2.2" })
            .GroupBy(d => d.AccountId).OrderBy(g => g.Key, StringComparer.Ordinal).ToList();
        var stored = context.Message.Deliveries.Where(d => d is { Kind: DeliveryKinds.Stored, Direction: "received" })
            .GroupBy(d => d.AccountId).Select(g => (Id: g.Key, At: g.Max(d => d.At).ToUniversalTime())).ToList();
        if (refused.Count == 0 && stored.Count == 0) return;
        await using var session = store.LightweightSession();
        if (stored.Count > 0)
        {
            session.QueueSqlCommand(
                $"""
                update mailbox_space as s set refused_at = null, full_since = case when {MailboxSpace.HoldsTooMuch} then full_since end
                from unnest(?, ?) as d (account_id, at) where s.account_id = d.account_id and s.refused_at + interval '1 second' <= d.at
                """, stored.Select(d => d.Id).ToArray(), stored.Select(d => d.At).ToArray());
        }

        foreach (var account in refused)
        {
            var at = account.Max(d => d.At).ToUniversalTime();
            if (!await ErasedAccounts.HoldAsync(session, account.Key, context.CancellationToken)) continue;
            session.QueueSqlCommand(
                """
                insert into mailbox_space as s (account_id, refused_at) values (?, ?)
                on conflict (account_id) do update set refused_at = greatest(s.refused_at, excluded.refused_at) where s.freed_at is null or s.freed_at <= excluded.refused_at
                """, account.Key, at);
            session.QueueSqlCommand(FullSince, at, account.Key);
        }

        await session.SaveChangesAsync(context.CancellationToken);
    }

    // A higher capacity is freed space, too.
    private async Task SetAsync(string accountId, long version, int capacityMb, DateTimeOffset at, string? address, string? domain, CancellationToken stop)
    {
        await using var session = store.LightweightSession();
        if (!await ErasedAccounts.HoldAsync(session, accountId, stop)) return;
        session.QueueSqlCommand(
            """
            insert into mailbox_space as s (account_id, address, domain, capacity_mb, capacity_version, freed_at) values (?, ?, ?, ?, ?, ?)
            on conflict (account_id) do update set address = coalesce(s.address, excluded.address), domain = coalesce(s.domain, excluded.domain),
                refused_at = case when s.capacity_version < excluded.capacity_version and s.capacity_mb < excluded.capacity_mb then null else s.refused_at end,
                freed_at = case when s.capacity_version < excluded.capacity_version and s.capacity_mb < excluded.capacity_mb then excluded.freed_at else s.freed_at end,
                capacity_mb = case when s.capacity_version < excluded.capacity_version then excluded.capacity_mb else s.capacity_mb end,
                capacity_version = greatest(s.capacity_version, excluded.capacity_version)
            """, accountId, (object?)address ?? DBNull.Value, (object?)domain ?? DBNull.Value, capacityMb, version, at.ToUniversalTime());
        session.QueueSqlCommand(FullSince, at.ToUniversalTime(), accountId);
        await session.SaveChangesAsync(stop);
    }
}
