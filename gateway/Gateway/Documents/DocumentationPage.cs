using System.Security.Cryptography;
using Hikyaku.Platform;
using Scalar.AspNetCore;

namespace Hikyaku.Gateway.Documents;

/// <summary>
/// <c>/api/docs</c>: the API document to read and try (GWY-1). Its script comes with the program; the policy lets it load
/// nothing from elsewhere.
/// </summary>
public static class DocumentationPage
{
    /// <summary>Where it is.</summary>
    public const string Path = "/api/docs";

    private static readonly object NonceKey = new();

    /// <summary>Maps page and script.</summary>
    public static void Map(WebApplication app) => app.MapScalarApiReference(Path, (options, http) =>
    {
        options.Title = "Hikyaku API";
        options.OpenApiRoutePattern = "/api/v1/openapi.json";
        options.DefaultFonts = false; // they would come from a server of others
        options.Telemetry = false;
        options.ShowDeveloperTools = DeveloperToolsVisibility.Never;
        options.DotNetFlag = false;
        options.DisableAgent().DisableMcp().HideClientButton(); // services of others, too
        options.Nonce = NonceOf(http);
    }).WithMetadata(new OwnCredential());

    /// <summary>The content security policy of this page; null for everything else.</summary>
    public static string? PolicyOf(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        return http.Request.Path.StartsWithSegments(Path)
            ? $"default-src 'none'; script-src 'self' 'nonce-{NonceOf(http)}'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                + "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
            : null;
    }

    private static string NonceOf(HttpContext http)
    {
        if (http.Items[NonceKey] is string nonce) return nonce;
        nonce = Convert.ToBase64String(RandomNumberGenerator.GetBytes(16));
        http.Items[NonceKey] = nonce;
        return nonce;
    }
}
