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
    public async Task<Webhook?> FindAsync(Guid id, CancellationToken stop)
    {
        await using var command = Command($"select {Webhook.Columns} from webhook where id = $1", id);
        await using var row = await command.ExecuteReaderAsync(stop);
        return await row.ReadAsync(stop) ? Webhook.Read(row) : null;
    }

    /// <summary>Reads them in the order of their registration.</summary>
    public async Task<List<Webhook>> ListAsync(Guid after, int limit, CancellationToken stop)
    {
        await using var command = Command($"select {Webhook.Columns} from webhook where id > $1 order by id limit $2", after, limit);
        await using var row = await command.ExecuteReaderAsync(stop);
        var hooks = new List<Webhook>();
        while (await row.ReadAsync(stop)) hooks.Add(Webhook.Read(row));
        return hooks;
    }

    /// <summary>The present account with an address, by its id; null when there is none.</summary>
    public async Task<string?> AccountIdAsync(string address, CancellationToken stop)
    {
        await using var command = Command("select max(account_id) from account where address = $1 and not erased", address);
        return await command.ExecuteScalarAsync(stop) as string;
    }

    /// <summary>Reads one in a command's transaction, and keeps others from changing it.</summary>
    public static async Task<Webhook?> LockAsync(IDocumentSession session, Guid id, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        await session.BeginTransactionAsync(stop);
        await using var command = new NpgsqlCommand($"select {Webhook.Columns} from webhook where id = $1 for update");
        command.Parameters.Add(new() { Value = id });
        await using var row = await session.ExecuteReaderAsync(command, stop);
        return await row.ReadAsync(stop) ? Webhook.Read(row) : null;
    }

    /// <summary>Changes one in a command's transaction, and wakes the dispatcher when it commits.</summary>
    public static async Task ChangeAsync(IDocumentSession session, FormattableString sql, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(sql);
        await session.BeginTransactionAsync(stop);
        await using var command = new NpgsqlCommand();
        Fill(command, sql);
        await session.ExecuteAsync(command, stop);
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
        await using var command = Statement($"""
            with moved as (
                update webhook set position = {position}, state = {health.State}, reason = {health.Reason}, since = {health.Since},
                    failures = {health.Failures}, failing_since = {health.FailingSince}, not_before = {health.NotBefore}
                where id = {hook.Id} and turn = {hook.Turn} returning id)
            insert into webhook_delivery (webhook_id, event_id, type, position, at, attempt, status, duration_ms, error)
            select id, {e.Id}, {e.Type}, {e.Position}, {attempt.At}, {hook.Health.Failures + 1}, {attempt.Status}::int, {attempt.DurationMs}, {attempt.Error}::text from moved
            """);
        return await command.ExecuteNonQueryAsync(stop) == 1;
    }

    /// <summary>Moves the position over events that were not asked for.</summary>
    public async Task MoveAsync(Webhook hook, long position, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(hook);
        await using var command = Statement($"update webhook set position = {position} where id = {hook.Id} and turn = {hook.Turn}");
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Records a test, which moves nothing.</summary>
    public async Task<long> RecordTestAsync(Webhook hook, Guid id, string type, Attempt attempt, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(hook);
        ArgumentNullException.ThrowIfNull(attempt);
        await using var command = Statement($"""
            insert into webhook_delivery (webhook_id, event_id, type, at, attempt, status, duration_ms, error)
            select id, {id}, {type}, {attempt.At}, 1, {attempt.Status}::int, {attempt.DurationMs}, {attempt.Error}::text from webhook where id = {hook.Id} returning id
            """);
        return await command.ExecuteScalarAsync(stop) is long number ? number : 0;
    }

    /// <summary>Removes deliveries that are too old or too many.</summary>
    public async Task PruneAsync(DateTimeOffset now, CancellationToken stop)
    {
        await using var command = Statement($"""
            delete from webhook_delivery where at < {now - Kept} or id in (
                select id from (select id, row_number() over (partition by webhook_id order by id desc) as number from webhook_delivery) d where number > {MaxKept})
            """);
        await command.ExecuteNonQueryAsync(stop);
    }

    /// <summary>Reads deliveries, newest first, before a number.</summary>
    public async Task<List<(long Number, DeliveryView Delivery)>> DeliveriesAsync(Guid hook, long before, int limit, CancellationToken stop)
    {
        await using var command = Statement($"""
            select id, event_id, type, position, at, attempt, status, duration_ms, error from webhook_delivery
            where webhook_id = {hook} and id < {before} order by id desc limit {limit}
            """);
        await using var row = await command.ExecuteReaderAsync(stop);
        var deliveries = new List<(long, DeliveryView)>();
        while (await row.ReadAsync(stop)) deliveries.Add((row.GetInt64(0), DeliveryView.Read(row)));
        return deliveries;
    }

    private NpgsqlCommand Command(string sql, params object[] values)
    {
#pragma warning disable CA2100 // all values are parameters
        var command = database.CreateCommand(sql);
#pragma warning restore CA2100
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    private NpgsqlCommand Statement(FormattableString sql)
    {
        var command = database.CreateCommand();
        Fill(command, sql);
        return command;
    }

    // Every interpolated value becomes a parameter.
    private static void Fill(NpgsqlCommand command, FormattableString sql)
    {
#pragma warning disable CA2100 // all values are parameters
        command.CommandText = string.Format(null, sql.Format, [.. Enumerable.Range(1, sql.ArgumentCount).Select(n => $"${n}")]);
#pragma warning restore CA2100
        foreach (var value in sql.GetArguments()) command.Parameters.Add(new() { Value = value ?? DBNull.Value });
    }
}
