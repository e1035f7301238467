using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using MassTransit;
using Npgsql;
using Weasel.Postgresql.Tables;

namespace Hikyaku.Routing.Notices;

/// <summary>The domains of the platform, as the accounts service tells of them: what is not in one of them is outside.</summary>
public sealed class ServedDomains(NpgsqlDataSource database) : IConsumer<DomainAdded>, IConsumer<DomainRecordsTold>, IConsumer<DomainDeletionStarted>
{
    /// <summary>The table.</summary>
    public static Table Table()
    {
        var table = new Table("served_domain");
        table.AddColumn<string>("domain").AsPrimaryKey();
        return table;
    }

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DomainAdded> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return AddAsync(context.Message.Domain, context.CancellationToken);
    }

    /// <summary>Domains that are older than this service are told when somebody asks.</summary>
    public Task Consume(ConsumeContext<DomainRecordsTold> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return AddAsync(context.Message.Domain, context.CancellationToken);
    }

    /// <summary>A domain that is being deleted is none of the platform's any more.</summary>
    public Task Consume(ConsumeContext<DomainDeletionStarted> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return database.ExecuteAsync($"delete from served_domain where domain = {context.Message.Domain}", context.CancellationToken);
    }

    private Task<int> AddAsync(string domain, CancellationToken stop)
        => database.ExecuteAsync($"insert into served_domain (domain) values ({domain}) on conflict do nothing", stop);
}
