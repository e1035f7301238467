using Hikyaku.Panel.Api;
using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Preferences;

/// <summary>Language and appearance, chosen by a link that comes back to the page.</summary>
public static class Choosing
{
    /// <summary><c>GET /language?to=ja|en&amp;return=</c> and <c>GET /appearance?to=auto|light|dark&amp;return=</c>, in the users' shell below <c>/mail</c>.</summary>
    public static void MapPreferences(this IEndpointRouteBuilder app)
    {
        foreach (var shell in new[] { "", "/mail" })
        {
            app.MapGet(shell + "/language", async (string? to, string? @return, HttpContext http, Reader reader, GatewayClient gateway) =>
            {
                if (Languages.Has(to))
                {
                    PanelCookies.Choose(http, PanelCookies.Language, to);
                    await KeepAsync(reader, gateway, new { language = to });
                }

                return Back(@return);
            });
            app.MapGet(shell + "/appearance", async (string? to, string? @return, HttpContext http, Reader reader, GatewayClient gateway) =>
            {
                if (to is "auto" or "light" or "dark")
                {
                    PanelCookies.Choose(http, PanelCookies.Theme, to == "auto" ? null : to);
                    await KeepAsync(reader, gateway, new { theme = to == "auto" ? "system" : to });
                }

                return Back(@return);
            });
        }
    }

    // For whoever is signed in it counts on every device. Where that cannot be kept now, the browser has kept it.
    private static async Task KeepAsync(Reader reader, GatewayClient gateway, object choice)
    {
        if (reader.Token is null) return;
        try
        {
            await gateway.PatchAsync<object>("me", choice);
        }
        catch (GatewayRefusalException)
        {
            // The session has ended, or the gateway is away: the next page says so.
        }
    }

    private static IResult Back(string? page) => Results.LocalRedirect(Urls.IsLocal(page) ? page! : "/");
}
