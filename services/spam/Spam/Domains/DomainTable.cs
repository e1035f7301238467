using System.Text.Json;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Hikyaku.Spam.Dns;
using Marten;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Spam.Domains;

/// <summary>What is known of a domain beside its standing: facts, which are looked up again and not rebuilt from events.</summary>
/// <param name="CheckedAt">When a look-up last had a result; null: never.</param>
/// <param name="TriedAt">When it was last tried; null: never.</param>
/// <param name="Failure">Why the last try had none, one of <see cref="DnsFaults"/>; null: it had one.</param>
/// <param name="Dkim">The DKIM records that it should have.</param>
/// <param name="Records">The recommended records that were found; null: not looked up yet.</param>
public sealed record DomainFacts(DateTimeOffset? CheckedAt, DateTimeOffset? TriedAt, string? Failure, IReadOnlyList<DkimRecord> Dkim, IReadOnlyList<FoundRecord>? Records);

/// <summary>The domains of the platform, and when each is to be looked up again.</summary>
public static class DomainTable
{
    /// <summary>The table.</summary>
    public static Table Table()
    {
        var table = new Table("domain_dns");
        table.AddColumn<string>("domain").AsPrimaryKey();
        table.AddColumn("dkim", "jsonb").NotNull().DefaultValueByExpression("'[]'");
        table.AddColumn<long>("dkim_version").NotNull().DefaultValue(0);
        table.AddColumn<DateTimeOffset>("told_at"); // when the accounts service last told of it
        table.AddColumn("records", "jsonb");
        table.AddColumn<DateTimeOffset>("checked_at");
        table.AddColumn<DateTimeOffset>("tried_at");
        table.AddColumn<string>("failure");
        table.AddColumn<DateTimeOffset>("due_at").NotNull().DefaultValueByExpression("now()");
        table.Indexes.Add(new IndexDefinition("domain_dns_due") { Columns = ["due_at"] });
        return table;
    }

    /// <summary>Whether a domain is known.</summary>
    public static Task<bool> ContainsAsync(NpgsqlDataSource database, string domain, CancellationToken stop)
        => database.ValueAsync<bool>($"select exists (select from domain_dns where domain = {domain})", stop);

    /// <summary>What is known of a domain; null where it is not known.</summary>
    public static Task<DomainFacts?> ReadAsync(NpgsqlDataSource database, string domain, CancellationToken stop) => database.FirstAsync(
        $"select checked_at, tried_at, failure, dkim, records from domain_dns where domain = {domain}",
        row => new DomainFacts(
            row.IsDBNull(0) ? null : row.GetFieldValue<DateTimeOffset>(0), row.IsDBNull(1) ? null : row.GetFieldValue<DateTimeOffset>(1), row.TextOrNull(2),
            JsonSerializer.Deserialize<List<DkimRecord>>(row.GetString(3))!, row.IsDBNull(4) ? null : JsonSerializer.Deserialize<List<FoundRecord>>(row.GetString(4))),
        stop);
}

/// <summary>Learns of domains, and of the DKIM records that they should have, from the accounts service.</summary>
public sealed class DomainConsumer(NpgsqlDataSource database, IDocumentStore store, TimeProvider time) : IConsumer<DomainAdded>, IConsumer<DomainRecordsTold>, IConsumer<DomainDeletionStarted>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DomainAdded> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return database.ExecuteAsync($"insert into domain_dns (domain) values ({context.Message.Domain}) on conflict do nothing", context.CancellationToken);
    }

    /// <summary>A domain that is being deleted is not looked up any more, and a later one of its name begins without its override.</summary>
    public async Task Consume(ConsumeContext<DomainDeletionStarted> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (domain, stop) = (context.Message.Domain, context.CancellationToken);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        await DnsCheck.TakeTurnAsync(session, domain, stop);
        var stream = await session.Events.FetchForWriting<DomainStanding>(DomainStanding.KeyOf(domain), stop);
        if (stream.Aggregate is { Override: not null }) stream.AppendOne(new DomainDnsOverrideRemoved(domain, "domain deleted", time.GetUtcNow()));
        session.QueueSqlCommand("delete from domain_dns where domain = ?", domain);
        await session.SaveChangesAsync(stop);
    }

    /// <summary>Records that have changed are looked up at once.</summary>
    public Task Consume(ConsumeContext<DomainRecordsTold> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var told = context.Message;
        var dkim = JsonSerializer.Serialize(told.Dkim);
        return database.ExecuteAsync(
            $"""
            insert into domain_dns as d (domain, dkim, dkim_version, told_at) values ({told.Domain}, {dkim}::jsonb, {told.Version}, now())
            on conflict (domain) do update set told_at = now(), dkim_version = greatest(d.dkim_version, excluded.dkim_version),
                dkim = case when d.dkim_version < excluded.dkim_version then excluded.dkim else d.dkim end,
                due_at = case when d.dkim_version < excluded.dkim_version and d.dkim <> excluded.dkim then now() else d.due_at end
            """, context.CancellationToken);
    }
}
