using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Hikyaku.Platform;

namespace Hikyaku.Feed.Webhooks;

/// <summary>How one attempt ended.</summary>
/// <param name="At">When it began.</param>
/// <param name="DurationMs">How long it took, in milliseconds.</param>
/// <param name="Status">The receiver's status; null: it gave none.</param>
/// <param name="Error">One of <see cref="DeliveryErrors"/>; null: the receiver has taken it.</param>
/// <param name="RetryAfter">How long the receiver asks to be left alone (RFC 9110 §10.2.3); zero: it does not.</param>
public sealed record Attempt(DateTimeOffset At, int DurationMs, int? Status, string? Error, TimeSpan RetryAfter = default);

/// <summary>Sends one event to one receiver: signed, within ten seconds, never redirected, never to a refused address.</summary>
public sealed class WebhookSender(AddressGuard guard, SecretBox box, TimeProvider time, IConfiguration configuration) : IDisposable
{
    private const int MaxAnswerBytes = 4096;
    private readonly TimeSpan _patience = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:Webhooks:TimeoutSeconds", 10.0));

    private readonly HttpMessageInvoker _http = new(new SocketsHttpHandler
    {
        ConnectCallback = guard.ConnectAsync,
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null, // the event carries its own trace context
        ConnectTimeout = TimeSpan.FromSeconds(10),
        MaxResponseHeadersLength = 16, // kilobytes
        PooledConnectionLifetime = TimeSpan.FromMinutes(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    });

    /// <summary>Sends.</summary>
    /// <param name="hook">To whom.</param>
    /// <param name="id">The event's id.</param>
    /// <param name="body">The event as JSON.</param>
    /// <param name="stop">Ends it, without an answer.</param>
    public async Task<Attempt> SendAsync(Webhook hook, Guid id, ReadOnlyMemory<byte> body, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(hook);
        var (at, since) = (time.GetUtcNow(), Stopwatch.GetTimestamp());
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(_patience);
        try
        {
            using var request = Request(hook, id, body, at);
            using var answer = await _http.SendAsync(request, limit.Token);
            await DrainAsync(answer, limit.Token);
            return Ended((int)answer.StatusCode, ErrorOf((int)answer.StatusCode)) with { RetryAfter = RetryAfterOf(answer) };
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Ended(null, DeliveryErrors.Timeout);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            return Ended(null, ErrorOf(e));
        }

        Attempt Ended(int? status, string? error) => new(at, (int)Stopwatch.GetElapsedTime(since).TotalMilliseconds, status, error);
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private HttpRequestMessage Request(Webhook hook, Guid id, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var (name, timestamp) = (id.ToString(), now.ToUnixTimeSeconds());
        var request = new HttpRequestMessage(HttpMethod.Post, hook.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/cloudevents+json", "utf-8");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("Hikyaku-Webhooks", "1"));
        request.Headers.Add("webhook-id", name);
        request.Headers.Add("webhook-timestamp", timestamp.ToString(CultureInfo.InvariantCulture));
        request.Headers.Add("webhook-signature", WebhookSignature.Of(SecretsOf(hook, now), name, timestamp, body.Span));
        return request;
    }

    private IEnumerable<string> SecretsOf(Webhook hook, DateTimeOffset now)
    {
        yield return Encoding.ASCII.GetString(box.Open(hook.Secret));
        if (hook.FormerSecret is { } former && now < hook.FormerSecretUntil) yield return Encoding.ASCII.GetString(box.Open(former));
    }

    // A short answer is read so that the connection can be used again; of a long answer the rest is not read.
    private static async Task DrainAsync(HttpResponseMessage answer, CancellationToken stop)
    {
        await using var body = await answer.Content.ReadAsStreamAsync(stop);
        var buffer = new byte[MaxAnswerBytes];
        for (int read, all = 0; all < MaxAnswerBytes && (read = await body.ReadAsync(buffer, stop)) > 0;) all += read;
    }

    // Only 429 and 503 say when to try again.
    private TimeSpan RetryAfterOf(HttpResponseMessage answer)
        => answer is { StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable, Headers.RetryAfter: { } told }
            ? told.Delta ?? told.Date - time.GetUtcNow() ?? default
            : default;

    private static string? ErrorOf(int status) => status switch
    {
        >= 200 and < 300 => null,
        >= 300 and < 400 => DeliveryErrors.Redirect,
        410 => DeliveryErrors.Gone,
        _ => DeliveryErrors.Status,
    };

    private static string ErrorOf(Exception e) => e switch
    {
        RefusedAddressException => DeliveryErrors.AddressRefused,
        SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } => DeliveryErrors.Unresolvable,
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } => DeliveryErrors.Tls,
        { InnerException: { } inner } => ErrorOf(inner),
        _ => DeliveryErrors.Connection,
    };
}
