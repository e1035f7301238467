using Hikyaku.Panel.Hosting;

namespace Hikyaku.Panel.Api;

/// <summary>Where the gateway is.</summary>
public static class Gateway
{
    /// <summary>The setting: the gateway's address.</summary>
    public const string Setting = "Hikyaku:Gateway";

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(20);

    // A file of 35 MB at half a megabit a second; the server ends a request of which nothing comes any more before that.
    private static readonly TimeSpan TakesFilesWithin = TimeSpan.FromMinutes(10);

    /// <summary>Adds the client.</summary>
    public static void AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        var address = new Uri((configuration[Setting] ?? throw new InvalidOperationException($"{Setting} is not set")).TrimEnd('/') + "/");
        foreach (var (name, timeout) in new[] { ("gateway", AnswersWithin), ("gateway-streams", TakesFilesWithin) })
        {
            services.AddHttpClient(name, c => { c.BaseAddress = address; c.Timeout = timeout; })
                // No cookies: those of one reader must not go along with another's request.
                .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        }

        // No typed client: that would live in a scope of the factory's own.
        services.AddScoped(s => new GatewayClient(
            s.GetRequiredService<IHttpClientFactory>().CreateClient("gateway"), s.GetRequiredService<Reader>(), s.GetRequiredService<IHttpContextAccessor>()));
        services.AddScoped(s => new GatewayStreams(
            s.GetRequiredService<IHttpClientFactory>().CreateClient("gateway-streams"), s.GetRequiredService<GatewayClient>(), s.GetRequiredService<IHttpContextAccessor>(),
            s.GetRequiredService<IHostApplicationLifetime>()));
    }
}
