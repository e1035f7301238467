using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.Domains;

/// <summary>What a domain's DNS must have.</summary>
/// <param name="Dkim">Keys that sign its mail.</param>
public sealed record DomainDnsView(DkimRecordsView Dkim)
{
    /// <summary>Shows a domain.</summary>
    public static DomainDnsView Of(Domain domain)
    {
        ArgumentNullException.ThrowIfNull(domain);
        return new(new DkimRecordsView(
        [
            .. domain.Dkim is { } active ? [Record(domain, active, isActive: true)] : Array.Empty<DkimRecordView>(),
            .. domain.NextDkim is { } next ? [Record(domain, next, isActive: false)] : Array.Empty<DkimRecordView>(),
        ]));
    }

    private static DkimRecordView Record(Domain domain, DkimPublicKey key, bool isActive)
        => new($"{key.Selector}._domainkey.{domain.Id}", "TXT", $"v=DKIM1; k=rsa; p={key.PublicKey}", isActive);
}

/// <summary>The records of a domain's keys.</summary>
/// <param name="Expected">What is to be published: the key that signs, then the next one.</param>
public sealed record DkimRecordsView(IReadOnlyList<DkimRecordView> Expected);

/// <summary>One record.</summary>
/// <param name="Name">Without a dot at its end.</param>
/// <param name="Type">Its type.</param>
/// <param name="Value">The whole text; a zone file splits it into parts of at most 255 characters.</param>
/// <param name="Active">Whether its key signs now.</param>
public sealed record DkimRecordView(string Name, string Type, string Value, bool Active);

/// <summary>Reads what a domain's DNS must have.</summary>
public static class ReadDomainDns
{
    /// <summary><c>GET /api/v1/domains/{name}/dns</c> → 200.</summary>
    public static async Task<IResult> Handle(string name, IDocumentStore store, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        await using var session = store.QuerySession();
        return await session.LoadAsync<Domain>(id!, stop) is { } domain ? new Answer(200, DomainDnsView.Of(domain)) : Problems.Of(PlatformProblems.NotFound);
    }
}
