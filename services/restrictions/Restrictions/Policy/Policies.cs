using System.Net;
using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Restrictions.Policy;

/// <summary>Reads policies.</summary>
public static class Policies
{
    /// <summary>The thresholds that count for a domain; read anew for each decision, so that a change needs no restart.</summary>
    public static async Task<Thresholds> OfAsync(IQuerySession session, string? domain, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(session);
        string[] keys = domain is null ? [RestrictionPolicy.KeyOf(null)] : [RestrictionPolicy.KeyOf(null), RestrictionPolicy.KeyOf(domain)];
        var both = await session.LoadManyAsync<RestrictionPolicy>(stop, keys);
        return Of(both.FirstOrDefault(p => p.Domain is null), both.FirstOrDefault(p => p.Domain is not null));
    }

    /// <summary>The thresholds that follow from both; pure.</summary>
    public static Thresholds Of(RestrictionPolicy? platform, RestrictionPolicy? domain)
    {
        var set = (platform?.Values ?? Thresholds.Defaults.Set).SetItems(domain?.Values ?? Thresholds.Defaults.Set);
        var version = domain is null ? $"{platform?.Version ?? 0}" : $"{platform?.Version ?? 0}.{domain.Version}";
        return new(version, set, [.. (platform?.SharedFetchers ?? []).Select(IPNetwork.Parse)]);
    }

    /// <summary><c>GET /api/v1/restriction-policy</c> → 200.</summary>
    public static Task<IResult> Read(IDocumentStore store, CancellationToken stop) => ReadAsync(null, store, stop);

    /// <summary><c>GET /api/v1/domains/{name}/restriction-policy</c> → 200.</summary>
    public static async Task<IResult> ReadDomain(string name, IDocumentStore store, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        return await KnownDomains.ContainsAsync(database, domain!, stop) ? await ReadAsync(domain, store, stop) : Problems.Of(PlatformProblems.NotFound);
    }

    /// <summary><c>GET /api/v1/restriction-policy/history</c> → 200.</summary>
    public static Task<IResult> History(string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
        => HistoryPages.AnswerAsync(Changes, RestrictionPolicy.KeyOf(null), http, store, stop);

    /// <summary><c>GET /api/v1/domains/{name}/restriction-policy/history</c> → 200.</summary>
    public static async Task<IResult> DomainHistory(string name, string? limit, string? cursor, HttpContext http, IDocumentStore store, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        if (!await KnownDomains.ContainsAsync(database, domain!, stop)) return Problems.Of(PlatformProblems.NotFound);
        return await HistoryPages.AnswerAsync(Changes, RestrictionPolicy.KeyOf(domain), http, store, stop);
    }

    /// <summary>A policy as it is shown.</summary>
    internal static PolicyView Show(RestrictionPolicy? platform, RestrictionPolicy? domain)
    {
        var thresholds = Of(platform, domain);
        var own = (domain ?? platform)?.Values ?? Thresholds.Defaults.Set;
        return new(
            PolicyNumbers.All.ToDictionary(n => n.Name, n => thresholds[n]), [.. PolicyNumbers.All.Select(n => n.Name).Where(n => !own.ContainsKey(n))],
            platform?.SharedFetchers ?? [], thresholds.Version);
    }

    private static readonly StreamHistory Changes = new([]) { Hidden = ["domain"], MayUndo = [] };

    private static async Task<IResult> ReadAsync(string? domain, IDocumentStore store, CancellationToken stop)
    {
        await using var session = store.QuerySession();
        var platform = await session.LoadAsync<RestrictionPolicy>(RestrictionPolicy.KeyOf(null), stop);
        var own = domain is null ? platform : await session.LoadAsync<RestrictionPolicy>(RestrictionPolicy.KeyOf(domain), stop);
        // Of a domain that has none of its own, nothing is its own.
        var view = domain is null ? Show(platform, null) : Show(platform, own ?? new RestrictionPolicy { Id = RestrictionPolicy.KeyOf(domain), Domain = domain });
        return new Answer(200, view, own?.Version ?? 0);
    }
}
