using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;
using Hikyaku.Platform;

namespace Hikyaku.Panel.Screens.Operations.Dashboard;

/// <summary>What the dashboard is told while it is open.</summary>
public static class DashboardEvents
{
    /// <summary>The address.</summary>
    public const string Path = "/ops/live";

    /// <summary><c>GET /ops/live?domain=</c>: the platform's events (server-sent events), for operators.</summary>
    public static void MapDashboardEvents(this IEndpointRouteBuilder app) => app.MapGet(Path, FollowAsync);

    private static async Task FollowAsync(string? domain, GatewayClient client, GatewayStreams gateway)
    {
        // Administrators may follow events, too, but not here: no address of operators is there for them.
        if ((await client.GetAsync<Me>("me")).Role != Roles.Operator || (domain is not null && !InternetNames.TryReadDomain(domain, out _)))
            throw new GatewayRefusalException(StatusCodes.Status404NotFound);
        await gateway.FollowAsync("events" + Urls.Query(("domain", domain)));
    }
}
