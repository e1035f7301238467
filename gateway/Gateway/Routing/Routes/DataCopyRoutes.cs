using Hikyaku.Platform;
using static Hikyaku.Gateway.Routing.Routes.Callers;
using static Hikyaku.Gateway.Routing.TokenScopes;

namespace Hikyaku.Gateway.Routing.Routes;

/// <summary>The copy service: users bring their mail along from another server.</summary>
internal sealed class DataCopyRoutes : IServiceRoutes
{
    private const string DataCopy = "datacopy";

    public string Service => DataCopy;

    public Shares Shares => Shares.Jobs | Shares.AccountHistory;

    public IReadOnlyList<GatewayRoute> Routes { get; } =
    [
        new("listCopies", "GET", "/api/v1/accounts/{address}/copies", Scope.Account, User, DataCopy, CopiesRead),
        new("createCopy", "POST", "/api/v1/accounts/{address}/copies", Scope.Account, User, DataCopy, CopiesWrite) { TakesOwnPassword = true },
        new("getCopy", "GET", "/api/v1/accounts/{address}/copies/{id}", Scope.Account, User, DataCopy, CopiesRead),
        new("cancelCopy", "DELETE", "/api/v1/accounts/{address}/copies/{id}", Scope.Account, User, DataCopy, CopiesWrite),
        new("followCopy", "GET", "/api/v1/accounts/{address}/copies/{id}/events", Scope.Account, User, DataCopy, CopiesRead) { Streams = true },
    ];
}
