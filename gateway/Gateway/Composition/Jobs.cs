using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary>Jobs of all services (GWY-5). A job's id begins with the name of the service that has it.</summary>
public sealed class Jobs(RouteTable table, MergedList merged, Forwarding forwarding)
{
    /// <summary>The path of the list.</summary>
    public const string ListPath = "/api/v1/jobs";

    private readonly IReadOnlyList<string> _services = table.Sharing(Shares.Jobs);

    // The longest names are tried first, because one service's name may begin with another's.
    private readonly string[] _longestFirst = [.. table.Sharing(Shares.Jobs).OrderByDescending(s => s.Length)];

    /// <summary><c>GET /api/v1/jobs</c>: newest first.</summary>
    public Task ListAsync(HttpContext http) => merged.SendAsync(http, _services, "createdAt");

    /// <summary>Everything about one job: 404 where its id names no service.</summary>
    public Task SendAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return ServiceOf((string)http.Request.RouteValues["id"]!) is { } service
            ? forwarding.SendAsync(http, service)
            : Problems.Of(PlatformProblems.NotFound).ExecuteAsync(http);
    }

    private string? ServiceOf(string id)
    {
        foreach (var service in _longestFirst)
        {
            if (id.Length > service.Length && id[service.Length] == '-' && id.StartsWith(service, StringComparison.Ordinal)) return service;
        }

        return null;
    }
}
