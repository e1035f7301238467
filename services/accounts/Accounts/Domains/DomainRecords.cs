using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Marten;
using MassTransit;

namespace Hikyaku.Accounts.Domains;

/// <summary>Tells a service that asks which domains there are, and what their DNS should have; and all of them when that of one changes.</summary>
public sealed class DomainRecordsConsumer(IDocumentStore store) : IConsumer<DomainRecordsAsked>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<DomainRecordsAsked> context)
    {
        await using var session = store.QuerySession();
        var one = context.Message.Domain;
        // One statement, so that state and version are of one moment.
        var told = await session.ListAsync(
            $"select d.data, s.version from mt_doc_domain d join mt_streams s on s.id = d.id where {one}::text is null or d.id = {one} order by d.id",
            row =>
            {
                using var json = row.GetStream(0);
                return Of(store.Options.Serializer().FromJson<Domain>(json), row.GetInt64(1));
            },
            context.CancellationToken);
        foreach (var domain in told) await context.Publish(domain, context.CancellationToken);
    }

    private static DomainRecordsTold Of(Domain domain, long version)
        => new(domain.Id, version, [.. DomainDnsView.Of(domain).Dkim.Expected.Select(r => new DkimRecord(r.Name, r.Value, r.Active))]);
}
