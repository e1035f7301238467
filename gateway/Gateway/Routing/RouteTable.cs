using Hikyaku.Gateway.Routing.Routes;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Everything that can be reached from outside, and nothing else: what is not here is 404, a known path with another method
/// 405. The table decides matching, scope and function (ROLE-1), what is forwarded where, and what the published API document
/// says; each service checks the same again from the internal token. Its lines stand in <c>Routes/</c>, a file a service.
/// </summary>
public sealed class RouteTable
{
    /// <summary>The service name of what the gateway answers itself.</summary>
    public const string Own = "gateway";

    /// <summary>The service name of what several services answer together.</summary>
    public const string Shared = "shared";

    private readonly IReadOnlyList<IServiceRoutes> _services;
    private readonly Dictionary<(string Method, string Pattern), GatewayRoute> _lines;
    private readonly Dictionary<string, string> _series;

    private RouteTable(IReadOnlyList<IServiceRoutes> services)
    {
        _services = [.. services.Where(s => s.Service is not (Own or Shared))];
        Routes = [.. services.SelectMany(s => s.Routes)];
        _lines = Routes.ToDictionary(r => (r.Method, r.Pattern)); // throws when a line stands twice
        _ = Routes.ToDictionary(r => r.Id); // likewise an operation's name
        _series = _services.SelectMany(s => s.Series.Select(name => (name, s.Service))).ToDictionary(s => s.name, s => s.Service); // likewise a series
        Services = [.. _services.Select(s => s.Service)];
    }

    /// <summary>The lines.</summary>
    public IReadOnlyList<GatewayRoute> Routes { get; }

    /// <summary>The names of the services, without the gateway itself.</summary>
    public IReadOnlyList<string> Services { get; }

    /// <summary>The names of all series of numbers.</summary>
    public IReadOnlyList<string> Series => [.. _series.Keys];

    /// <summary>The table of this assembly's services, and of more: one of the same name takes the place of this assembly's.</summary>
    public static RouteTable With(params IEnumerable<IServiceRoutes> more) => Of([.. more]);

    private static RouteTable Of(IServiceRoutes[] more) => new(
    [
        .. typeof(RouteTable).Assembly.GetTypes().Where(t => t is { IsClass: true, IsAbstract: false } && t.IsAssignableTo(typeof(IServiceRoutes)))
            .OrderBy(t => t.Name, StringComparer.Ordinal).Select(t => (IServiceRoutes)Activator.CreateInstance(t)!)
            .Where(own => !more.Any(m => m.Service == own.Service)),
        .. more,
    ]);

    /// <summary>Finds one line; null when there is none.</summary>
    public GatewayRoute? Find(string method, string pattern) => _lines.GetValueOrDefault((method, pattern));

    /// <summary>The service that counts a series; null when there is no such series.</summary>
    public string? CounterOf(string series) => _series.GetValueOrDefault(series);

    /// <summary>The services that have a share in something, in the table's order.</summary>
    public IReadOnlyList<string> Sharing(Shares share) => [.. _services.Where(s => s.Shares.HasFlag(share)).Select(s => s.Service)];

    /// <summary>Whether a service answers a line, alone or with others.</summary>
    public bool Answers(string service, GatewayRoute route)
    {
        ArgumentNullException.ThrowIfNull(route);
        return route.Service == service || (route.Service == Shared && _services.Any(s => s.Service == service && s.Shares.HasFlag(route.Share)));
    }
}
