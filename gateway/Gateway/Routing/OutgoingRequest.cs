using Hikyaku.Platform;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// The request as a service gets it: the path in the platform's own spelling, the query as it came, an internal token, and of
/// the caller's headers only those listed here. So Authorization, Cookie, Forwarded, X-Forwarded-* and X-Hikyaku-* from
/// outside never arrive, whatever a service may one day read. The trace context is written by the HTTP client.
/// </summary>
/// <param name="path">The path in the platform's own spelling.</param>
/// <param name="token">The internal token.</param>
/// <param name="isOwnPasswordRight">Whether the caller's own password came along and was right; not told on routes that do not take it.</param>
public sealed class OutgoingRequest(string path, string token, bool isOwnPasswordRight = false) : HttpTransformer
{
    /// <summary>What a service says of a wrong current password; null when it said nothing of the kind.</summary>
    public string? WrongPassword { get; private set; }

    private static readonly string[] PassedOn =
    [
        HeaderNames.Accept, HeaderNames.AcceptLanguage, HeaderNames.IfMatch, HeaderNames.IfNoneMatch, HeaderNames.UserAgent,
        "Idempotency-Key", "Last-Event-ID", "Prefer",
    ];

    private static readonly string[] PassedOnWithBody =
    [
        HeaderNames.ContentType, HeaderNames.ContentLength, HeaderNames.ContentEncoding, HeaderNames.ContentLanguage,
    ];

    private static readonly string[] PassedOnWithOwnWords = [HeaderNames.AcceptLanguage, "Idempotency-Key"];

    /// <summary>Adds what a request has that the gateway itself words: language, <c>Idempotency-Key</c> and the internal token.</summary>
    public static void AddressInOwnWords(HttpRequestMessage request, HttpRequest incoming, string token)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(incoming);
        Add(request, incoming, PassedOnWithOwnWords, token);
    }

    /// <summary>Adds what every request to a service has: the caller's headers that are passed on, and the internal token.</summary>
    public static void Address(HttpRequestMessage request, HttpRequest incoming, string token)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(incoming);
        Add(request, incoming, PassedOn, token);
        if (request.Content is { } content)
        {
            foreach (var name in PassedOnWithBody)
            {
                if (incoming.Headers.TryGetValue(name, out var values)) content.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
            }

            // RFC 9112 §6.3: where both stand, the encoding counts.
            if (incoming.Headers.ContainsKey(HeaderNames.TransferEncoding)) content.Headers.Remove(HeaderNames.ContentLength);
        }
    }

    private static void Add(HttpRequestMessage request, HttpRequest incoming, string[] names, string token)
    {
        foreach (var name in names)
        {
            if (incoming.Headers.TryGetValue(name, out var values)) request.Headers.TryAddWithoutValidation(name, (IEnumerable<string?>)values);
        }

        request.Headers.TryAddWithoutValidation(HeaderNames.Authorization, $"Bearer {token}");
    }

    /// <inheritdoc/>
    public override ValueTask TransformRequestAsync(
        HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        Address(proxyRequest, httpContext.Request, token);
        if (isOwnPasswordRight) proxyRequest.Headers.TryAddWithoutValidation(InternalHeaders.OwnPassword, InternalHeaders.Verified);
        proxyRequest.RequestUri = new Uri(destinationPrefix + path + httpContext.Request.QueryString.Value);
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is not null && proxyResponse.Headers.TryGetValues(InternalHeaders.WrongPassword, out var values))
        {
            WrongPassword = string.Concat(values);
            proxyResponse.Headers.Remove(InternalHeaders.WrongPassword); // between the platform's own parts only
        }

        return await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken) && !httpContext.WantsHeadOnly();
    }
}
