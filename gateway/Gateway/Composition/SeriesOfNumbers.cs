using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary><c>GET /api/v1/stats</c> (OPS-1): the service that counts the series answers; 400 where none does.</summary>
public sealed class SeriesOfNumbers(RouteTable table, Forwarding forwarding)
{
    /// <summary>The endpoint.</summary>
    public Task SendAsync(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return table.CounterOf(http.Request.Query["series"].ToString()) is { } service
            ? forwarding.SendAsync(http, service)
            : Problems.Of(PlatformProblems.BadParameter, "series", ("name", "series")).ExecuteAsync(http);
    }
}
