using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>What several services answer together: each that has the share answers these calls with what is its own.</summary>
internal sealed class SharedRoutes : IServiceRoutes
{
    private const string Shared = RouteTable.Shared;

    public string Service => Shared;

    public Shares Shares => Shares.None;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        // All roles may ask; the service that has the job judges whose it is.
        new("listJobs", "GET", "/api/v1/jobs", Scope.None, All, Shared, JobsRead) { Share = Shares.Jobs },
        new("getJob", "GET", "/api/v1/jobs/{id}", Scope.None, All, Shared, JobsRead) { Share = Shares.Jobs },
        new("cancelJob", "DELETE", "/api/v1/jobs/{id}", Scope.None, All, Shared, JobsWrite) { Share = Shares.Jobs },
        new("undoJob", "POST", "/api/v1/jobs/{id}/undo", Scope.None, All, Shared, AccountsWrite) { Share = Shares.Jobs },
        new("followJob", "GET", "/api/v1/jobs/{id}/events", Scope.None, All, Shared, JobsRead) { Share = Shares.Jobs, Streams = true },

        new("listAccountHistory", "GET", "/api/v1/accounts/{address}/history", Scope.Account, All, Shared, HistoryRead) { Share = Shares.AccountHistory },
        // Who may change a setting may undo the change; the service that has the event judges.
        new("undoAccountChange", "POST", "/api/v1/accounts/{address}/history/{eventId}/undo", Scope.Account, All, Shared, HistoryWrite) { Share = Shares.AccountHistory },

        // The service that counts the series answers.
        new("getStats", "GET", "/api/v1/stats", Scope.None, Operator, Shared, StatsRead) { Share = Shares.Stats, DescribedBy = "feed" },

        // Which records sign is the accounts service's; what was looked up, and what the whole answer is like, the spam service's.
        new("getDomainDns", "GET", "/api/v1/domains/{name}/dns", Scope.Domain, Staff, Shared, DomainsRead) { Share = Shares.DomainDns, DescribedBy = "spam" },
        new("listDomainHistory", "GET", "/api/v1/domains/{name}/history", Scope.Domain, Staff, Shared, HistoryRead) { Share = Shares.DomainHistory },
    ];
}
