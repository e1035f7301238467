using Hikyaku.Platform;
using Hikyaku.Spam.Dns;
using Marten;
using Npgsql;

namespace Hikyaku.Spam.Domains;

/// <summary>Reads what is known of a domain's DNS.</summary>
public sealed class DomainDnsReader(IDocumentStore store, NpgsqlDataSource database, NodeLeases leases, DnsSettings settings)
{
    /// <summary>
    /// <c>GET /api/v1/domains/{name}/dns</c> → 200, with the version of the standing as ETag. The gateway adds the DKIM records that the accounts
    /// service expects, and that one says whether there is such a domain: here one may not be known yet.
    /// </summary>
    public static Task<IResult> Handle(string name, HttpContext http, DomainDnsReader reader, CancellationToken stop) => reader.AnswerAsync(name, http, stop);

    /// <summary><c>POST /api/v1/domains/{name}/dns/check</c> → 200: looks it up now, and answers as GET does.</summary>
    public static async Task<IResult> HandleCheck(string name, HttpContext http, DomainDnsReader reader, DnsCheck check, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        return await check.RunAsync(domain!, stop) ? await reader.AnswerAsync(name, http, stop) : Problems.Of(PlatformProblems.NotFound);
    }

    private async Task<IResult> AnswerAsync(string name, HttpContext http, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(DomainStanding.KeyOf(domain!), token: stop);
        var standing = events.Aggregate(default(DomainStanding), (s, e) => DomainStanding.Evolve(s, e.Data));
        var obeyed = await leases.HaveAllAppliedAsync(events.Count == 0 ? 0 : events[^1].Sequence, stop);
        var facts = await DomainTable.ReadAsync(database, domain!, stop);
        return new Answer(200, DomainDnsView.Of(domain!, standing, facts, settings, obeyed, Problems.LanguageOf(http.Request)), events.Count);
    }
}
