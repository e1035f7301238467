using System.Globalization;
using Hikyaku.Panel.Api;
using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Hosting;

/// <summary>
/// What the gateway refuses and no screen can say anything about: whoever is not signed in is sent to the sign-in page and back, and
/// everything else has a page of its own (C-404, C-403, C-429, C-DOWN).
/// </summary>
public static class Refusals
{
    private static readonly object Key = new();

    /// <summary>Adds it; error pages are drawn by the status code middleware before it.</summary>
    public static IApplicationBuilder UseRefusals(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        try
        {
            await next(http);
        }
        catch (GatewayRefusalException refusal) when (!http.Response.HasStarted)
        {
            Answer(http, refusal);
        }
    });

    /// <summary>What the gateway said; null when no refusal is shown.</summary>
    public static GatewayRefusalException? Of(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return http.Items[Key] as GatewayRefusalException;
    }

    private static void Answer(HttpContext http, GatewayRefusalException refusal)
    {
        http.Response.Clear();
        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            var reader = http.RequestServices.GetRequiredService<Reader>();
            // A session that ended is told, nobody's is not. Its cookie stays: the next sign-in replaces it.
            var expired = reader.Token is not null ? "1" : null;
            http.Response.Redirect(reader.SignInPath + Urls.Query(("return", reader.PathAndQuery), ("expired", expired)));
            return;
        }

        http.Items[Key] = refusal;
        http.Response.StatusCode = refusal.Status;
        if (refusal.RetryAfter is { } wait) http.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
    }
}
