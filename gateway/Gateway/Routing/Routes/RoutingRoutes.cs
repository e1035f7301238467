using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The routing service: forwarding, autoreply and reception of an account.</summary>
internal sealed class RoutingRoutes : IServiceRoutes
{
    private const string Routing = "routing";

    public string Service => Routing;

    public Shares Shares => Shares.AccountHistory | Shares.AccountSummary;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("listForwardingRules", "GET", "/api/v1/accounts/{address}/forwarding-rules", Scope.Account, All, Routing, RoutingRead),
        new("createForwardingRule", "POST", "/api/v1/accounts/{address}/forwarding-rules", Scope.Account, All, Routing, RoutingWrite),
        new("previewForwardingRule", "POST", "/api/v1/accounts/{address}/forwarding-rules/preview", Scope.Account, User, Routing, MailRead),
        new("updateForwardingRule", "PUT", "/api/v1/accounts/{address}/forwarding-rules/{id}", Scope.Account, All, Routing, RoutingWrite),
        new("deleteForwardingRule", "DELETE", "/api/v1/accounts/{address}/forwarding-rules/{id}", Scope.Account, All, Routing, RoutingWrite),
        new("getAutoreply", "GET", "/api/v1/accounts/{address}/autoreply", Scope.Account, All, Routing, RoutingRead),
        new("setAutoreply", "PUT", "/api/v1/accounts/{address}/autoreply", Scope.Account, All, Routing, RoutingWrite),
        new("deleteAutoreply", "DELETE", "/api/v1/accounts/{address}/autoreply", Scope.Account, All, Routing, RoutingWrite),
        new("getReception", "GET", "/api/v1/accounts/{address}/reception", Scope.Account, All, Routing, RoutingRead),
        new("setReception", "PUT", "/api/v1/accounts/{address}/reception", Scope.Account, All, Routing, RoutingWrite),
    ];
}
