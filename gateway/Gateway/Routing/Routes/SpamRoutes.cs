using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The spam service: what is done with an account's spam, and for which domains.</summary>
internal sealed class SpamRoutes : IServiceRoutes
{
    private const string Spam = "spam";

    public string Service => Spam;

    public Shares Shares => Shares.AccountHistory | Shares.AccountSummary | Shares.DomainDns | Shares.DomainHistory;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("GET", "/api/v1/accounts/{address}/spam", Scope.Account, All, Spam),
        new("PUT", "/api/v1/accounts/{address}/spam", Scope.Account, All, Spam),
        new("GET", "/api/v1/accounts/{address}/deliveries", Scope.Account, All, Spam),
        new("GET", "/api/v1/accounts/{address}/deliveries/{id}", Scope.Account, All, Spam),
        new("POST", "/api/v1/accounts/{address}/trace", Scope.Account, All, Spam),
        new("GET", "/api/v1/spam-advice", Scope.None, All, Spam),
        new("POST", "/api/v1/domains/{name}/dns/check", Scope.Domain, Staff, Spam),
        new("PUT", "/api/v1/domains/{name}/dns/override", Scope.Domain, Operator, Spam),
        new("DELETE", "/api/v1/domains/{name}/dns/override", Scope.Domain, Operator, Spam),
    ];
}
