using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The moods of accounts.</summary>
internal sealed class MoodsRoutes : IServiceRoutes
{
    private const string Moods = "moods";

    public string Service => Moods;

    public Shares Shares => Shares.Jobs | Shares.AccountHistory | Shares.AccountSummary;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("setMood", "PUT", "/api/v1/accounts/{address}/mood", Scope.Account, All, Moods),
        new("createCalming", "POST", "/api/v1/domains/{name}/calmings", Scope.Domain, Staff, Moods),
    ];
}
