using Hikyaku.Gateway.Documents;

namespace Hikyaku.Gateway;

/// <summary>What every answer tells browsers and caches (SEC-7), whoever made the answer.</summary>
public static class SecurityHeaders
{
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";

    /// <summary>Adds them; goes first, so that problems have them too.</summary>
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((http, next) =>
    {
        http.Response.OnStarting(static state => Write((HttpContext)state), http);
        return next(http);
    });

    private static Task Write(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.ContentSecurityPolicy = DocumentationPage.PolicyOf(http) ?? ApiPolicy;
        if (!http.Request.Path.StartsWithSegments(DocumentationPage.Path)) headers.CacheControl = "no-store";
        if (http.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
        if (http.Response.StatusCode == StatusCodes.Status401Unauthorized) headers.WWWAuthenticate = "Bearer"; // RFC 9110 §11.6.1
        return Task.CompletedTask;
    }
}
