namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>
/// What one service has to do with the gateway. Every class of this assembly that implements it is found by
/// <see cref="RouteTable.With"/>, so that a further service is a further file here and nothing else.
/// </summary>
public interface IServiceRoutes
{
    /// <summary>The key of <c>Hikyaku:Services</c>, and what the ids of the service's jobs begin with.</summary>
    string Service { get; }

    /// <summary>The calls that this service answers alone. Those that several services answer together stand in <see cref="SharedRoutes"/>.</summary>
    IReadOnlyList<GatewayRoute> Routes { get; }

    /// <summary>The answers of several services that this one has a share in.</summary>
    Shares Shares { get; }

    /// <summary>The series of numbers that this service counts (<c>GET /api/v1/stats</c>); no other has one of the same name.</summary>
    IReadOnlyList<string> Series => [];
}

/// <summary>What several services answer together.</summary>
[Flags]
public enum Shares
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Jobs: <c>/api/v1/jobs</c> is merged, <c>/api/v1/jobs/{id}</c> goes to the service that the id's prefix names.</summary>
    Jobs = 1,

    /// <summary>Changes of accounts: their histories are merged, and an undo goes to the service that has the event.</summary>
    AccountHistory = 2,

    /// <summary>Fields of the account's summary: <c>GET /internal/accounts/{id}/summary</c>. The accounts service gives the core, and so has no share.</summary>
    AccountSummary = 4,

    /// <summary>A domain's DNS: <c>GET /api/v1/domains/{name}/dns</c>, of which each gives what it knows.</summary>
    DomainDns = 8,

    /// <summary>Changes of domains: their histories are merged. Only the accounts service's can be undone.</summary>
    DomainHistory = 16,

    /// <summary>Numbers over time: <c>GET /api/v1/stats</c> goes to the service that counts the series.</summary>
    Stats = 32,
}
