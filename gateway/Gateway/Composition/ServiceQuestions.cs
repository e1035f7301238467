using Hikyaku.Gateway.Routing;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Composition;

/// <summary>
/// Asks services for their share of an answer, in the caller's name: with an internal token and the headers that a forwarded request has. A service that is away or too slow gives no answer; that is logged, and never an exception.
/// </summary>
public sealed partial class ServiceQuestions(Routing.Services services, InternalTokens tokens, IConfiguration configuration, ILogger<ServiceQuestions> log)
{
    /// <summary>How long a service may take for its share: a second (<c>Hikyaku:ShareTimeoutSeconds</c>).</summary>
    public TimeSpan ForShare { get; } = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:ShareTimeoutSeconds", 1.0));

    /// <summary>How long the service may take without whose answer there is none (<c>Hikyaku:ServiceTimeoutSeconds</c>).</summary>
    public TimeSpan ForCore { get; } = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:ServiceTimeoutSeconds", 30));

    /// <summary>Asks one service.</summary>
    /// <param name="http">The caller's request, admitted by the gate.</param>
    /// <param name="service">Who is asked.</param>
    /// <param name="pathAndQuery">For what.</param>
    /// <param name="patience">How long it may take.</param>
    /// <param name="body">The caller's body, where there is one.</param>
    public Task<ServiceAnswer> AskAsync(HttpContext http, string service, string pathAndQuery, TimeSpan patience, byte[]? body = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        return SendAsync(http, HttpMethod.Parse(http.Request.Method), service, pathAndQuery, patience, (request, token) =>
        {
            if (body is not null) request.Content = new ByteArrayContent(body);
            OutgoingRequest.Address(request, http.Request, token);
        });
    }

    /// <summary>Asks one service what the caller did not word: of the headers only the language and Idempotency-Key go with it.</summary>
    /// <param name="http">The caller's request, admitted by the gate.</param>
    /// <param name="method">GET or POST.</param>
    /// <param name="service">Who is asked.</param>
    /// <param name="pathAndQuery">For what.</param>
    /// <param name="body">Sent as JSON, where there is one.</param>
    public Task<ServiceAnswer> AskInOwnWordsAsync(HttpContext http, HttpMethod method, string service, string pathAndQuery, object? body = null)
    {
        ArgumentNullException.ThrowIfNull(http);
        return SendAsync(http, method, service, pathAndQuery, ForCore, (request, token) =>
        {
            if (body is not null) request.Content = JsonContent.Create(body, body.GetType(), options: Answer.Json);
            OutgoingRequest.AddressInOwnWords(request, http.Request, token);
        });
    }

    private async Task<ServiceAnswer> SendAsync(HttpContext http, HttpMethod method, string service, string pathAndQuery, TimeSpan patience, Action<HttpRequestMessage, string> address)
    {
        var admission = http.Admission();
        var token = await tokens.ForAsync(admission.Asker, admission.Target);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        limit.CancelAfter(patience);
        try
        {
            using var request = new HttpRequestMessage(method, services.AddressOf(service) + pathAndQuery);
            address(request, token!);
            using var response = await services.Invoker.SendAsync(request, limit.Token);
            var answer = await ServiceAnswer.ReadAsync(service, response, limit.Token);
            if (!answer.IsThere) LogAway(null, service, pathAndQuery, answer.Status);
            return answer;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException && !http.RequestAborted.IsCancellationRequested)
        {
            LogAway(e, service, pathAndQuery, 0);
            return ServiceAnswer.None(service);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Service {Service} did not answer {Path} in time or failed (status {Status}); the answer is made without it")]
    private partial void LogAway(Exception? exception, string service, string path, int status);
}
