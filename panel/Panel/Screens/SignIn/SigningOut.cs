using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Microsoft.AspNetCore.Antiforgery;

namespace Hikyaku.Panel.Screens.SignIn;

/// <summary>Ends a session at the gateway and in the browser.</summary>
public static class SigningOut
{
    /// <summary><c>POST /logout</c> and <c>POST /mail/logout</c> → the sign-in page.</summary>
    public static void MapSignOut(this IEndpointRouteBuilder app)
    {
        app.MapPost("/logout", HandleAsync);
        app.MapPost("/mail/logout", HandleAsync);
    }

    private static async Task<IResult> HandleAsync(HttpContext http, IAntiforgery antiforgery, Reader reader, GatewayClient gateway)
    {
        if (!await antiforgery.IsRequestValidAsync(http)) return Results.StatusCode(StatusCodes.Status400BadRequest);
        try
        {
            if (reader.Token is not null) await gateway.DeleteAsync<object>("sessions/current");
        }
        catch (GatewayRefusalException refusal) when (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            // It had ended before.
        }

        PanelCookies.EndSession(http, reader.CookieName);
        return Results.LocalRedirect(reader.SignInPath + "?bye=1");
    }
}
