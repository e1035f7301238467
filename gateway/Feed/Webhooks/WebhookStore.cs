using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Feed.Webhooks;

/// <summary>Reads webhooks and records what was delivered to them.</summary>
public sealed class WebhookStore(NpgsqlDataSource database)
{
    /// <summary>The channel of NOTIFY on which a change by an operator is announced; its payload is empty.</summary>
    public const string Channel = "webhooks";

    /// <summary>How long deliveries are shown.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    private const int MaxKept = 10_000; // of one webhook

    /// <summary>Finds one; null when there is none.</summary>
    public Task<Webhook?> FindAsync(Guid id, CancellationToken stop)
        => database.FirstAsync($"select {Webhook.Columns:sql} from webhook where id = {id}", Webhook.Read, stop);

    /// <summary>Reads them in the order of their registration.</summary>
    public Task<List<Webhook>> ListAsync(Guid after, int limit, CancellationToken stop)
        => database.ListAsync($"select {Webhook.Columns:sql} from webhook where id > {after} order by id limit {limit}", Webhook.Read, stop);

    /// <summary>The present account with an address, by its id; null when there is none.</summary>
    public Task<string?> AccountIdAsync(string address, CancellationToken stop)
        => database.ValueAsync<string>($"select max(account_id) from account where address = {address} and not erased", stop);

    /// <summary>Reads one in a command's transaction, and keeps others from changing it.</summary>
    public static async Task<Webhook?> LockAsync(IDocumentSession session, Guid id, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await session.BeginTransactionAsync(stop);
        return await session.FirstAsync($"select {Webhook.Columns:sql} from webhook where id = {id} for update", Webhook.Read, stop);
    }

    /// <summary>Changes one in a command's transaction, and wakes the dispatcher when it commits.</summary>
    public static async Task ChangeAsync(IDocumentSession session, FormattableString sql, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await session.BeginTransactionAsync(stop);
        await session.ExecuteAsync(sql, stop);
        session.QueueSqlCommand("select pg_notify(?, '')", Channel);
    }

    /// <summary>
    /// Records an attempt: the position moves when the receiver has taken the event. False when the webhook was changed since it
    /// was read, or is gone: nothing is recorded then.
    /// </summary>
    public async Task<bool> RecordAsync(Webhook hook, FeedEvent e, Attempt attempt, WebhookHealth health, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(hook);
        ArgumentNullException.ThrowIfNull(e);
        ArgumentNullException.ThrowIfNull(attempt);
        ArgumentNullException.ThrowIfNull(health);
        var position = attempt.Error is null ? e.Position : hook.Position;
        var recorded = await database.ExecuteAsync(
            $"""
            with moved as (
                update webhook set position = {position}, state = {health.State}, reason = {health.Reason}, since = {health.Since},
                    failures = {health.Failures}, failing_since = {health.FailingSince}, not_before = {health.NotBefore}
                where id = {hook.Id} and turn = {hook.Turn} returning id)
            insert into webhook_delivery (webhook_id, event_id, type, position, at, attempt, status, duration_ms, error)
            select id, {e.Id}, {e.Type}, {e.Position}, {attempt.At}, {hook.Health.Failures + 1}, {attempt.Status}::int, {attempt.DurationMs}, {attempt.Error}::text from moved
            """, stop);
        return recorded == 1;
    }

    /// <summary>Moves the position over events that were not asked for.</summary>
    public Task MoveAsync(Webhook hook, long position, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return database.ExecuteAsync($"update webhook set position = {position} where id = {hook.Id} and turn = {hook.Turn}", stop);
    }

    /// <summary>Records a test, which moves nothing.</summary>
    public Task<long> RecordTestAsync(Webhook hook, Guid id, string type, Attempt attempt, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(hook);
        ArgumentNullException.ThrowIfNull(attempt);
        return database.ValueAsync<long>(
            $"""
            insert into webhook_delivery (webhook_id, event_id, type, at, attempt, status, duration_ms, error)
            select id, {id}, {type}, {attempt.At}, 1, {attempt.Status}::int, {attempt.DurationMs}, {attempt.Error}::text from webhook where id = {hook.Id} returning id
            """, stop);
    }

    /// <summary>Removes deliveries that are too old or too many.</summary>
    public Task PruneAsync(DateTimeOffset now, CancellationToken stop) => database.ExecuteAsync(
        $"""
        delete from webhook_delivery where at < {now - Kept} or id in (
            select id from (select id, row_number() over (partition by webhook_id order by id desc) as number from webhook_delivery) d where number > {MaxKept})
        """, stop);

    /// <summary>Reads deliveries, newest first, before a number.</summary>
    public Task<List<(long Number, DeliveryView Delivery)>> DeliveriesAsync(Guid hook, long before, int limit, CancellationToken stop) => database.ListAsync(
        $"""
        select id, event_id, type, position, at, attempt, status, duration_ms, error from webhook_delivery
        where webhook_id = {hook} and id < {before} order by id desc limit {limit}
        """, row => (row.GetInt64(0), DeliveryView.Read(row)), stop);
}
