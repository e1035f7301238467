using Hikyaku.Panel.Hosting;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Preferences;

/// <summary>Language and appearance, chosen by a link that comes back to the page.</summary>
public static class Choosing
{
    /// <summary><c>GET /language?to=ja|en&amp;return=</c> and <c>GET /appearance?to=auto|light|dark&amp;return=</c>.</summary>
    public static void MapPreferences(this IEndpointRouteBuilder app)
    {
        app.MapGet("/language", (string? to, string? @return, HttpContext http) =>
        {
            if (Languages.Has(to)) PanelCookies.Choose(http, PanelCookies.Language, to);
            return Back(@return);
        });
        app.MapGet("/appearance", (string? to, string? @return, HttpContext http) =>
        {
            if (to is "auto" or "light" or "dark") PanelCookies.Choose(http, PanelCookies.Theme, to == "auto" ? null : to);
            return Back(@return);
        });
    }

    private static IResult Back(string? page) => Results.LocalRedirect(Urls.IsLocal(page) ? page! : "/");
}
