namespace Hikyaku.Gateway.Routing;

/// <summary>
/// HEAD is GET without its body (RFC 9110, 9.3.2), wherever GET is answered. Kestrel leaves the body of the gateway's own answers out; that
/// of a service is not fetched (<see cref="OutgoingRequest"/>), as a stream would not end.
/// </summary>
internal static class HeadRequests
{
    private static readonly object Key = new();

    /// <summary>Lets HEAD be answered as GET.</summary>
    public static void UseHead(this IApplicationBuilder app) => app.Use((HttpContext http, RequestDelegate next) =>
    {
        if (!HttpMethods.IsHead(http.Request.Method)) return next(http);
        http.Items[Key] = true;
        http.Request.Method = HttpMethods.Get;
        return next(http);
    });

    /// <summary>Whether the caller wants the head of the answer only.</summary>
    public static bool WantsHeadOnly(this HttpContext http) => http.Items.ContainsKey(Key);
}
