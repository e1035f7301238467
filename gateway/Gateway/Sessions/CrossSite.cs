namespace Hikyaku.Gateway.Sessions;

/// <summary>
/// Whether another site may have made a browser send this (CSRF). A browser sends cookies by itself, so a change by cookie must
/// show where it comes from: Sec-Fetch-Site of every present browser, else an Origin that is this host. Bearer tokens are sent
/// by nobody unasked.
/// </summary>
public static class CrossSite
{
    /// <summary>Judges a request that carries a cookie.</summary>
    public static bool IsSuspected(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) return false;
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0) return site is not ("same-origin" or "none");
        // The scheme may differ if a proxy in front of the gateway ends TLS.
        return !Uri.TryCreate(request.Headers.Origin.ToString(), UriKind.Absolute, out var origin)
            || !string.Equals(origin.Authority, new UriBuilder(origin.Scheme, request.Host.Host, request.Host.Port ?? -1).Uri.Authority, StringComparison.OrdinalIgnoreCase);
    }
}
