using System.Net;

namespace Hikyaku.Gateway.Routing;

/// <summary>Where the services listen (<c>Hikyaku:Services:NAME</c>, a base URL) and the connections to them.</summary>
public sealed class Services : IDisposable
{
    private readonly Dictionary<string, string> _addresses;
    private readonly SocketsHttpHandler _handler = new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5), // so that a service that moved is found
    };

    /// <summary>Reads the settings; a service of the route table without an address is an error.</summary>
    public Services(RouteTable table, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(table);
        _addresses = table.Services.ToDictionary(
            service => service,
            service => (configuration[$"Hikyaku:Services:{service}"] ?? throw new InvalidOperationException($"Hikyaku:Services:{service} is not set")).TrimEnd('/'));
        Invoker = new(_handler, disposeHandler: false);
        Client = new(_handler, disposeHandler: false) { Timeout = TimeSpan.FromSeconds(15) };
    }

    /// <summary>For forwarding.</summary>
    public HttpMessageInvoker Invoker { get; }

    /// <summary>For the gateway's own questions.</summary>
    public HttpClient Client { get; }

    /// <summary>The names of all services of the route table.</summary>
    public IReadOnlyCollection<string> Names => _addresses.Keys;

    /// <summary>A service's base URL, without a slash at its end.</summary>
    public string AddressOf(string service) => _addresses[service];

    /// <inheritdoc/>
    public void Dispose()
    {
        Client.Dispose();
        Invoker.Dispose();
        _handler.Dispose();
    }
}
