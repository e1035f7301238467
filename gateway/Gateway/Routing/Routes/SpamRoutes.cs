using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The spam service: what is done with an account's spam, and for which domains.</summary>
internal sealed class SpamRoutes : IServiceRoutes
{
    private const string Spam = "spam";

    public string Service => Spam;

    public Shares Shares => Shares.AccountHistory | Shares.AccountSummary | Shares.DomainDns | Shares.DomainHistory | Shares.Stats;

    public IReadOnlyList<string> Series { get; } = ["mail", "verdicts"];

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("getSpamSettings", "GET", "/api/v1/accounts/{address}/spam", Scope.Account, All, Spam, SpamRead),
        new("setSpamSettings", "PUT", "/api/v1/accounts/{address}/spam", Scope.Account, All, Spam, SpamWrite),
        new("listDeliveries", "GET", "/api/v1/accounts/{address}/deliveries", Scope.Account, All, Spam, MailRead),
        new("getDelivery", "GET", "/api/v1/accounts/{address}/deliveries/{id}", Scope.Account, All, Spam, MailRead),
        new("traceMessage", "POST", "/api/v1/accounts/{address}/trace", Scope.Account, All, Spam, MailRead),
        new("getSpamAdvice", "GET", "/api/v1/spam-advice", Scope.None, All, Spam, AnyToken),
        new("checkDomainDns", "POST", "/api/v1/domains/{name}/dns/check", Scope.Domain, Staff, Spam, DomainsWrite),
        new("setDnsOverride", "PUT", "/api/v1/domains/{name}/dns/override", Scope.Domain, Operator, Spam, DomainsWrite),
        new("deleteDnsOverride", "DELETE", "/api/v1/domains/{name}/dns/override", Scope.Domain, Operator, Spam, DomainsWrite),
    ];
}
