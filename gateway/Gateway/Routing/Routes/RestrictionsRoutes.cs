using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The restrictions service: what accounts and networks may not do, and by which thresholds.</summary>
internal sealed class RestrictionsRoutes : IServiceRoutes
{
    private const string Restrictions = "restrictions";

    public string Service => Restrictions;

    public Shares Shares => Shares.AccountHistory | Shares.AccountSummary;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("GET", "/api/v1/accounts/{address}/restrictions", Scope.Account, All, Restrictions, RestrictionsRead),
        new("POST", "/api/v1/accounts/{address}/restrictions", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("DELETE", "/api/v1/accounts/{address}/restrictions/{kind}", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("GET", "/api/v1/accounts/{address}/restrictions/{kind}/timeline", Scope.Account, Operator, Restrictions, RestrictionsRead),
        new("GET", "/api/v1/accounts/{address}/restrictions/{kind}/report", Scope.Account, Operator, Restrictions, RestrictionsRead),
        new("GET", "/api/v1/accounts/{address}/held-mail", Scope.Account, Operator, Restrictions, RestrictionsRead),
        new("POST", "/api/v1/accounts/{address}/held-mail/release", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("POST", "/api/v1/accounts/{address}/held-mail/delete", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("GET", "/api/v1/accounts/{address}/login-failures", Scope.Account, All, Restrictions, RestrictionsRead),
        new("GET", "/api/v1/restrictions", Scope.None, Staff, Restrictions, RestrictionsRead),
        new("GET", "/api/v1/restriction-policy", Scope.None, Operator, Restrictions, RestrictionsRead),
        new("PUT", "/api/v1/restriction-policy", Scope.None, Operator, Restrictions, RestrictionsWrite),
        new("GET", "/api/v1/restriction-policy/history", Scope.None, Operator, Restrictions, RestrictionsRead),
        new("POST", "/api/v1/restriction-policy/trial", Scope.None, Operator, Restrictions, RestrictionsWrite),
        new("GET", "/api/v1/domains/{name}/restriction-policy", Scope.Domain, Operator, Restrictions, RestrictionsRead),
        new("PUT", "/api/v1/domains/{name}/restriction-policy", Scope.Domain, Operator, Restrictions, RestrictionsWrite),
        new("GET", "/api/v1/domains/{name}/restriction-policy/history", Scope.Domain, Operator, Restrictions, RestrictionsRead),
        new("GET", "/api/v1/stopped-networks", Scope.None, Operator, Restrictions, RestrictionsRead),
        new("POST", "/api/v1/stopped-networks/release", Scope.None, Operator, Restrictions, RestrictionsWrite),
    ];
}
