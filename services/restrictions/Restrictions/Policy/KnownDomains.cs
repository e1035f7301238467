using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Restrictions.Policy;

/// <summary>The domains of the platform, as the accounts service tells of them: when one is added, and of all when somebody asks.</summary>
public sealed class KnownDomains(NpgsqlDataSource database) : IConsumer<DomainAdded>, IConsumer<DomainRecordsTold>, IConsumer<DomainDeletionStarted>
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

    /// <summary>A domain that is being deleted is none of the platform's any more.</summary>
    public Task Consume(ConsumeContext<DomainDeletionStarted> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return database.ExecuteAsync($"delete from known_domain where domain = {context.Message.Domain}", context.CancellationToken);
    }

    private Task<int> AddAsync(string domain, CancellationToken stop)
        => database.ExecuteAsync($"insert into known_domain (domain) values ({domain}) on conflict do nothing", stop);
}
