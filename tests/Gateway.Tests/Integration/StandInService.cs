using Hikyaku.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>Stands in for the accounts service where a test must see what arrives there, or have it misbehave.</summary>
public sealed class StandInService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StandInService(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    /// <summary>What arrived last, but for the gateway's own questions.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; private set; } = new Dictionary<string, string>();

    public string Target { get; private set; } = "";

    public int TargetsAsked { get; private set; }

    public static async Task<StandInService> StartAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Default=Warning"]);
        var service = new StandInService(builder.Build());
        service._app.MapPost("/internal/credentials/verify", () => new
        {
            verified = true,
            role = Roles.Operator,
            login = "operator",
            domains = Array.Empty<string>(),
            passwordChangeRequired = false,
            version = 1,
        });
        service._app.MapGet("/internal/targets/{address}", (string address) =>
        {
            service.TargetsAsked++;
            return new Target("0123", address, address.Split('@')[1], 1);
        });
        service._app.MapFallback("{*path}", async http =>
        {
            service.Headers = http.Request.Headers.ToDictionary(h => h.Key, h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);
            service.Target = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget;
            await answer(http);
        });
        await service._app.StartAsync();
        return service;
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
