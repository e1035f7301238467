using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Account;

/// <summary>What the message after a change asks until the change is in force (C-SAVE).</summary>
public static class InForce
{
    /// <summary><c>GET /in-force?address=</c> and <c>GET /mail/in-force?address=</c> → whether it is, and the time as the reader's clock shows it.</summary>
    public static void MapInForce(this IEndpointRouteBuilder app)
    {
        app.MapGet("/in-force", HandleAsync);
        app.MapGet("/mail/in-force", HandleAsync);
    }

    private static async Task<IResult> HandleAsync(string address, GatewayClient gateway, Reader reader, TimeProvider clock)
    {
        var account = await gateway.GetAsync<Standing>(Urls.Api($"accounts/{address}"));
        return Results.Json(new { account.InForce, Time = Format.Clock(clock.GetUtcNow(), reader.Zone) });
    }

    private sealed record Standing(bool InForce);
}
