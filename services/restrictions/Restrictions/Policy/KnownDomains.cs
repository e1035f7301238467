using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Marten;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Policy;

/// <summary>The domains of the platform, as the accounts service tells of them: when one is added, and of all when somebody asks.</summary>
public sealed class KnownDomains(NpgsqlDataSource database, IDocumentStore store, TimeProvider time) : IConsumer<DomainAdded>, IConsumer<DomainRecordsTold>, IConsumer<DomainDeletionStarted>
{
    /// <summary>The table.</summary>
    public static Table Table()
    {
        var table = new Table("known_domain");
        table.AddColumn<string>("domain").AsPrimaryKey();
        return table;
    }

    /// <summary>Whether a domain is one.</summary>
    public static Task<bool> ContainsAsync(NpgsqlDataSource database, string domain, CancellationToken stop)
        => database.ValueAsync<bool>($"select exists (select from known_domain where domain = {domain})", stop);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DomainAdded> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return AddAsync(context.Message.Domain, context.CancellationToken);
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DomainRecordsTold> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return AddAsync(context.Message.Domain, context.CancellationToken);
    }

    /// <summary>A domain that is being deleted is none of the platform's any more, and a later one of its name begins without its thresholds.</summary>
    public async Task Consume(ConsumeContext<DomainDeletionStarted> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (domain, stop) = (context.Message.Domain, context.CancellationToken);
        await using var session = store.LightweightSession();
        EventHeaders.Stamp(session, Caller.Platform);
        var stream = await session.Events.FetchForWriting<RestrictionPolicy>(RestrictionPolicy.KeyOf(domain), stop);
        if (stream.Aggregate is { Values.IsEmpty: false })
            stream.AppendOne(new RestrictionPolicyChanged(domain, new Dictionary<string, int>(), [], "domain deleted", time.GetUtcNow()));
        session.QueueSqlCommand("delete from known_domain where domain = ?", domain);
        await session.SaveChangesAsync(stop);
    }

    private Task<int> AddAsync(string domain, CancellationToken stop)
        => database.ExecuteAsync($"insert into known_domain (domain) values ({domain}) on conflict do nothing", stop);
}
