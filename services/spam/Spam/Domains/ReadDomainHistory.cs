using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Spam.Domains;

/// <summary>What was found of a domain's DNS and when an operator overrode it; the gateway merges it with what was changed of the domain.</summary>
public static class ReadDomainHistory
{
    private static readonly StreamHistory History = new(
    [
        new Setting("dnsInForce", MayBePutBack: false).SetBy<DomainDnsChecked>(c => c.InForce),
        new Setting("dnsOverride", MayBePutBack: false).SetBy<DomainDnsOverridden>(o => o.Reason).SetBy<DomainDnsOverrideRemoved>(_ => null).Initially(null),
    ])
    {
        Hidden = ["domain"],
        MayUndo = [],
    };

    /// <summary><c>GET /api/v1/domains/{name}/history</c> → 200; 404 where the domain is not known.</summary>
    public static async Task<IResult> Handle(string name, string? limit, string? cursor, HttpContext http, IDocumentStore store, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        return await DomainTable.ContainsAsync(database, domain!, stop)
            ? await HistoryPages.AnswerAsync(History, DomainStanding.KeyOf(domain!), http, store, stop)
            : Problems.Of(PlatformProblems.NotFound);
    }
}
