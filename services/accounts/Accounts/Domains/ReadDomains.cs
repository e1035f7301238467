using Hikyaku.Platform;
using Marten;
using Npgsql;

namespace Hikyaku.Accounts.Domains;

/// <summary>A domain as the API shows it; capacities in MB.</summary>
/// <param name="Name">In A-labels.</param>
/// <param name="MaxAccounts">Limit of accounts.</param>
/// <param name="MaxCapacityMb">Limit of the sum of capacities.</param>
/// <param name="DefaultCapacityMb">What an account gets when its creation names none.</param>
/// <param name="Accounts">How many exist; this and the next three are absent in settings of an earlier time.</param>
/// <param name="CapacityMb">The sum of their capacities.</param>
/// <param name="AccountsLeft">How many more fit.</param>
/// <param name="CapacityLeftMb">How much more can be assigned.</param>
/// <param name="AddedAt">When it was added.</param>
/// <param name="RequireSecondFactor">Whether its administrators must have a second factor.</param>
public sealed record DomainView(
    string Name, int MaxAccounts, int MaxCapacityMb, int DefaultCapacityMb,
    int? Accounts, long? CapacityMb, int? AccountsLeft, long? CapacityLeftMb, DateTimeOffset AddedAt, bool RequireSecondFactor)
{
    /// <summary>Shows a domain.</summary>
    public static DomainView Of(Domain d, DomainUsage u) => new(
        d.Id, d.MaxAccounts, d.MaxCapacityMb, d.DefaultCapacityMb, u.Accounts, u.CapacityMb, d.MaxAccounts - u.Accounts, d.MaxCapacityMb - u.CapacityMb, d.AddedAt, d.RequiresSecondFactor);

    /// <summary>Shows a domain's settings at an earlier time.</summary>
    public static DomainView Then(Domain d) => new(d.Id, d.MaxAccounts, d.MaxCapacityMb, d.DefaultCapacityMb, null, null, null, null, d.AddedAt, d.RequiresSecondFactor);
}

/// <summary>Reads domains: operators all, administrators their own.</summary>
public static class ReadDomains
{
    /// <summary><c>GET /api/v1/domains/{name}</c> → 200; with <c>?at=</c> as it was then.</summary>
    public static async Task<IResult> One(string name, string? at, IDocumentStore store, NpgsqlDataSource database, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        if (at is not null) return await EventTimes.AnswerAsync<Domain>(at, id!, store, DomainView.Then, stop);
        await using var session = store.QuerySession();
        var domain = await session.LoadAsync<Domain>(id!, stop);
        if (domain is null) return Problems.Of(PlatformProblems.NotFound);
        var version = await session.Events.FetchStreamStateAsync(id!, stop);
        var usage = await DomainUsage.ReadAsync(database, [domain.Id], stop);
        return new Answer(200, DomainView.Of(domain, usage[domain.Id]), version!.Version);
    }

    /// <summary><c>GET /api/v1/domains</c> → 200, by name.</summary>
    public static async Task<IResult> List(string? limit, string? cursor, HttpContext http, IDocumentStore store, NpgsqlDataSource database, CancellationToken stop)
    {
        if (!Paging.TryReadLimit(limit, out var size)) return Problems.Of(PlatformProblems.BadParameter, "limit", ("name", "limit"));
        if (!Cursor.TryRead(cursor, out var after)) return Problems.Of(PlatformProblems.BadParameter, "cursor", ("name", "cursor"));
        var (caller, _) = http.Asking();
        await using var session = store.QuerySession();
        IQueryable<Domain> domains = session.Query<Domain>();
        if (caller.Role != Roles.Operator) domains = domains.Where(d => d.Id.IsOneOf(caller.Domains.ToArray()));
        if (after is not null) domains = domains.Where(d => d.Id.CompareTo(after.Key) > 0);
        var rows = (await domains.OrderBy(d => d.Id).Take(size + 1).ToListAsync(stop)).ToList();
        var next = rows.Count > size ? new Cursor(rows[size - 1].Id, rows[size - 1].Id, Back: false).ToString() : null;
        if (next is not null)
        {
            rows.RemoveAt(size);
            http.Response.Headers.Link = $"<{http.Request.Path}?limit={size}&cursor={next}>; rel=\"next\"";
        }

        var usage = await DomainUsage.ReadAsync(database, [.. rows.Select(d => d.Id)], stop);
        return new Answer(200, new Page<DomainView>([.. rows.Select(d => DomainView.Of(d, usage[d.Id]))], next));
    }
}
