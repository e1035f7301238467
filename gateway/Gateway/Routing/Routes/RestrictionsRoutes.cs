using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The restrictions service: what accounts and networks may not do, and by which thresholds.</summary>
internal sealed class RestrictionsRoutes : IServiceRoutes
{
    private const string Restrictions = "restrictions";

    public string Service => Restrictions;

    public Shares Shares => Shares.AccountHistory | Shares.AccountSummary | Shares.Stats;

    public IReadOnlyList<string> Series { get; } = ["logins"];

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("getRestrictions", "GET", "/api/v1/accounts/{address}/restrictions", Scope.Account, All, Restrictions, RestrictionsRead),
        new("placeRestriction", "POST", "/api/v1/accounts/{address}/restrictions", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("liftRestriction", "DELETE", "/api/v1/accounts/{address}/restrictions/{kind}", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("listRestrictionTimeline", "GET", "/api/v1/accounts/{address}/restrictions/{kind}/timeline", Scope.Account, Operator, Restrictions, RestrictionsRead),
        new("getRestrictionReport", "GET", "/api/v1/accounts/{address}/restrictions/{kind}/report", Scope.Account, Operator, Restrictions, RestrictionsRead),
        new("listHeldMail", "GET", "/api/v1/accounts/{address}/held-mail", Scope.Account, Operator, Restrictions, RestrictionsRead),
        new("releaseHeldMail", "POST", "/api/v1/accounts/{address}/held-mail/release", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("deleteHeldMail", "POST", "/api/v1/accounts/{address}/held-mail/delete", Scope.Account, Operator, Restrictions, RestrictionsWrite),
        new("listLoginFailures", "GET", "/api/v1/accounts/{address}/login-failures", Scope.Account, All, Restrictions, RestrictionsRead),
        new("listRestrictions", "GET", "/api/v1/restrictions", Scope.None, Staff, Restrictions, RestrictionsRead),
        new("getRestrictionPolicy", "GET", "/api/v1/restriction-policy", Scope.None, Operator, Restrictions, RestrictionsRead),
        new("setRestrictionPolicy", "PUT", "/api/v1/restriction-policy", Scope.None, Operator, Restrictions, RestrictionsWrite),
        new("listRestrictionPolicyHistory", "GET", "/api/v1/restriction-policy/history", Scope.None, Operator, Restrictions, RestrictionsRead),
        new("tryRestrictionPolicy", "POST", "/api/v1/restriction-policy/trial", Scope.None, Operator, Restrictions, RestrictionsWrite),
        new("getDomainRestrictionPolicy", "GET", "/api/v1/domains/{name}/restriction-policy", Scope.Domain, Operator, Restrictions, RestrictionsRead),
        new("setDomainRestrictionPolicy", "PUT", "/api/v1/domains/{name}/restriction-policy", Scope.Domain, Operator, Restrictions, RestrictionsWrite),
        new("listDomainRestrictionPolicyHistory", "GET", "/api/v1/domains/{name}/restriction-policy/history", Scope.Domain, Operator, Restrictions, RestrictionsRead),
        new("listStoppedNetworks", "GET", "/api/v1/stopped-networks", Scope.None, Operator, Restrictions, RestrictionsRead),
        new("releaseNetwork", "POST", "/api/v1/stopped-networks/release", Scope.None, Operator, Restrictions, RestrictionsWrite),
    ];
}
