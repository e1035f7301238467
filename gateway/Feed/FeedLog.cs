using System.Text;
using Hikyaku.Accounts.Contracts;
using Npgsql;

namespace Hikyaku.Feed;

/// <summary>
/// The log of everything published. An append holds one lock until its commit is visible, so positions become visible in
/// order: a reader that has read up to a position has seen everything before it.
/// </summary>
public sealed class FeedLog(NpgsqlDataSource database)
{
    /// <summary>The channel of NOTIFY; its payload is <see cref="Change"/> or empty.</summary>
    public const string Channel = "feed";

    /// <summary>Events that were recorded before have been changed.</summary>
    public const string Change = "changed";

    private const long AppendLock = 0x6665_6564;
    private static readonly string Created = RecordedContracts.NameOf(typeof(MailAccountCreated));

    /// <summary>
    /// Appends events in the order given; an event that is there already changes nothing. Events of an erased account are recorded
    /// without personal data.
    /// </summary>
    public async Task AppendAsync(IReadOnlyList<NewEvent> events, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(events);
        var created = events.Where(e => e.Type == Created).DistinctBy(e => e.AccountId).ToList();
        var told = events.Where(e => e.AccountId is not null && e.Domain is not null && e.Type != Created).DistinctBy(e => e.AccountId).ToList();
        var late = new List<NpgsqlBatchCommand>(); // events that were recorded before their account's domain or address was known get them now
        await using var connection = await database.OpenConnectionAsync(stop);
        await using (var transaction = await connection.BeginTransactionAsync(stop))
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            Add(batch, "select pg_advisory_xact_lock($1)", AppendLock);
            if (created.Count > 0) late.Add(AddAccounts(batch, created));
            if (told.Count > 0) late.Add(AddOlderAccounts(batch, told));
            AddEvents(batch, events);
            await batch.ExecuteNonQueryAsync(stop);
            await transaction.CommitAsync(stop);
        }

        await TellAsync(connection, late.Any(c => c.RecordsAffected > 0), stop);
    }

    /// <summary>Takes personal data out of what was recorded of an account, and of all that comes later (OPS-6).</summary>
    public async Task EraseAsync(string accountId, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using (var transaction = await connection.BeginTransactionAsync(stop))
        {
            await using var batch = new NpgsqlBatch(connection, transaction);
            Add(batch, "select pg_advisory_xact_lock($1)", AppendLock);
            Add(
                batch,
                """
                insert into account (account_id, erased) values ($1, true)
                on conflict (account_id) do update set erased = true, address = null
                """,
                accountId);
            Add(
                batch,
                """
                update recorded_event set erased = true, subject = account_id, address = null, data = without_person(data)
                where account_id = $1 and not erased
                """,
                accountId);
            await batch.ExecuteNonQueryAsync(stop);
            await transaction.CommitAsync(stop);
        }

        await TellAsync(connection, changed: true, stop);
    }

    /// <summary>Reads the events after a position, oldest first.</summary>
    /// <param name="after">The position; 0 is before the first.</param>
    /// <param name="filter">Which ones.</param>
    /// <param name="limit">How many at most.</param>
    /// <param name="through">The last position that counts.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<IReadOnlyList<FeedEvent>> ReadAsync(long after, FeedFilter filter, int limit, long through = long.MaxValue, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        await using var command = database.CreateCommand();
        var sql = new StringBuilder("""
            select position, event_id, type, source, subject, at, domain, account_id, address, trace, data::text, erased
            from recorded_event where position > $1 and position <= $2
            """);
        command.Parameters.Add(new() { Value = after });
        command.Parameters.Add(new() { Value = through });
        if (filter.Domains is { } domains) And("domain = any({0})", domains.ToArray());
        if (filter.Account is { } account) And(filter.ByAddress ? "address = {0}" : "account_id = {0}", account);
        if (filter.Types is { } types) And("type = any({0})", types.ToArray());
        command.Parameters.Add(new() { Value = limit });
        sql.Append(" order by position limit $").Append(command.Parameters.Count);
#pragma warning disable CA2100 // all values are parameters
        command.CommandText = sql.ToString();
#pragma warning restore CA2100
        var events = new List<FeedEvent>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop))
        {
            events.Add(new(
                row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetString(4), row.GetFieldValue<DateTimeOffset>(5),
                Text(row, 6), Text(row, 7), Text(row, 8), Text(row, 9), row.GetString(10), row.GetBoolean(11)));
        }

        return events;

        void And(string condition, object value)
        {
            command.Parameters.Add(new() { Value = value });
            sql.Append(" and ").AppendFormat(null, condition, $"${command.Parameters.Count}");
        }
    }

    /// <summary>The newest position; 0 when nothing was recorded yet.</summary>
    public async Task<long> NewestAsync(CancellationToken stop)
    {
        await using var command = database.CreateCommand("select coalesce(max(position), 0) from recorded_event");
        return (long)(await command.ExecuteScalarAsync(stop))!;
    }

    /// <summary>The domains that a login was dismissed from and not appointed to since: an older token may still name them.</summary>
    public async Task<IReadOnlyList<string>> DomainsTakenFromAsync(string login, CancellationToken stop)
    {
        await using var command = database.CreateCommand(
            """
            select domain from (
                select distinct on (domain) domain, type from recorded_event
                where type in ('accounts.domain-administrator-appointed', 'accounts.domain-administrator-dismissed') and data ->> 'login' = $1
                order by domain, position desc) newest
            where type = 'accounts.domain-administrator-dismissed'
            """);
        command.Parameters.Add(new() { Value = login });
        var domains = new List<string>();
        await using var row = await command.ExecuteReaderAsync(stop);
        while (await row.ReadAsync(stop)) domains.Add(row.GetString(0));
        return domains;
    }

    private static NpgsqlBatchCommand AddAccounts(NpgsqlBatch batch, List<NewEvent> created)
    {
        var ids = created.Select(c => c.AccountId!).ToArray();
        Add(
            batch,
            """
            insert into account (account_id, domain, address) select * from unnest($1::text[], $2::text[], $3::text[])
            on conflict (account_id) do update set domain = excluded.domain, address = case when account.erased then null else excluded.address end
            """,
            ids, created.Select(c => c.Domain!).ToArray(), created.Select(c => c.Address!).ToArray());
        // The broker may deliver a later event first.
        return Add(
            batch,
            """
            update recorded_event e set domain = a.domain, address = a.address, subject = coalesce(a.address, e.account_id)
            from account a where e.account_id = any($1) and e.address is null and a.account_id = e.account_id
            """,
            (object)ids);
    }

    // If an account is older than the feed, any later event of it names the domain, and none names the address.
    private static NpgsqlBatchCommand AddOlderAccounts(NpgsqlBatch batch, List<NewEvent> told) => Add(
        batch,
        """
        with older as (
            insert into account (account_id, domain)
            select t.account_id, t.domain from unnest($1::text[], $2::text[]) as t(account_id, domain) left join account a using (account_id) where a.domain is null
            on conflict (account_id) do update set domain = excluded.domain
            returning account_id, domain)
        update recorded_event e set domain = o.domain from older o where e.account_id = o.account_id and e.domain is null
        """,
        told.Select(e => e.AccountId!).ToArray(), told.Select(e => e.Domain!).ToArray());

    private static void AddEvents(NpgsqlBatch batch, IReadOnlyList<NewEvent> events) => Add(
        batch,
        """
        insert into recorded_event (event_id, type, source, subject, at, domain, account_id, address, trace, data, erased)
        select e.event_id, e.type, e.source, coalesce(a.address, e.account_id, e.domain, e.login, e.source), e.at, coalesce(e.domain, a.domain),
               e.account_id, a.address, e.trace, case when a.erased then without_person(e.data::jsonb) else e.data::jsonb end, coalesce(a.erased, false)
        from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
             with ordinality as e(event_id, type, source, at, domain, account_id, login, trace, data, number)
        left join account a using (account_id)
        order by e.number
        on conflict (event_id) do nothing
        """,
        events.Select(e => e.Id).ToArray(), events.Select(e => e.Type).ToArray(), events.Select(e => e.Source).ToArray(), events.Select(e => e.At).ToArray(),
        events.Select(e => e.Domain).ToArray(), events.Select(e => e.AccountId).ToArray(), events.Select(e => e.Login).ToArray(),
        events.Select(e => e.Trace).ToArray(), events.Select(e => e.Data).ToArray());

    // Sent after the commit, and without waiting for the disk (docs/decisions/0015). If a crash prevents it, readers find the event by polling.
    private static async Task TellAsync(NpgsqlConnection connection, bool changed, CancellationToken stop)
    {
        await using var batch = new NpgsqlBatch(connection);
        Add(batch, "set local synchronous_commit = off");
        Add(batch, "select pg_notify($1, $2)", Channel, changed ? Change : "");
        await using var transaction = await connection.BeginTransactionAsync(stop);
        batch.Transaction = transaction;
        await batch.ExecuteNonQueryAsync(stop);
        await transaction.CommitAsync(stop);
    }

    private static NpgsqlBatchCommand Add(NpgsqlBatch batch, string sql, params object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(command);
        return command;
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
