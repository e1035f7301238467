using Hikyaku.Panel.Hosting;

namespace Hikyaku.Panel.Api;

/// <summary>Where the gateway is.</summary>
public static class Gateway
{
    /// <summary>The setting: the gateway's address.</summary>
    public const string Setting = "Hikyaku:Gateway";

    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(20);

    /// <summary>Adds the client.</summary>
    public static void AddGateway(this IServiceCollection services, IConfiguration configuration)
    {
        var address = new Uri((configuration[Setting] ?? throw new InvalidOperationException($"{Setting} is not set")).TrimEnd('/') + "/");
        services.AddHttpClient("gateway", c => { c.BaseAddress = address; c.Timeout = AnswersWithin; })
            // No cookies: those of one reader must not go along with another's request.
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false });
        // No typed client: that would live in a scope of the factory's own.
        services.AddScoped(s => new GatewayClient(
            s.GetRequiredService<IHttpClientFactory>().CreateClient("gateway"), s.GetRequiredService<Reader>(), s.GetRequiredService<IHttpContextAccessor>()));
    }
}
