using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;
using Hikyaku.Platform;

namespace Hikyaku.Panel.Screens.Accounts;

/// <summary>Addresses that lead on to a list or an account.</summary>
public static class OpenAccounts
{
    /// <summary>The cookie with the domain whose list was read last.</summary>
    public const string LastDomain = "panel-domain";

    /// <summary><c>GET /accounts</c> → the last list; <c>GET /accounts/open?address=</c> → that account's settings.</summary>
    public static void MapOpenAccounts(this IEndpointRouteBuilder app)
    {
        app.MapGet("/accounts", LastListAsync);
        app.MapGet("/accounts/open", (string? address, Reader reader) => InternetNames.TryReadAddress(address, out var read, out _)
            ? Results.LocalRedirect(Urls.Settings(read))
            : Results.NotFound());
    }

    private static async Task<IResult> LastListAsync(HttpContext http, GatewayClient gateway)
    {
        var me = await gateway.GetAsync<Me>("me");
        var last = InternetNames.TryReadDomain(http.Request.Cookies[LastDomain], out var read) ? read : null;
        var domain = me.Role == Roles.Operator
            ? last is not null && await gateway.TryGetAsync<DomainLimits>(Urls.Api($"domains/{last}")) is not null ? last
                : (await gateway.GetAsync<Api.Page<DomainLimits>>("domains?limit=1")).Items is [var first, ..] ? first.Name : null
            : me.Domains.Contains(last) ? last : me.Domains is [var own, ..] ? own : null;
        return Results.LocalRedirect(domain is null ? "/" : $"/domains/{domain}/accounts");
    }
}
