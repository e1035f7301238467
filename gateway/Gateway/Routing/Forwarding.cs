using System.Diagnostics;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Gateway.SigningIn;
using Hikyaku.Platform;
using Yarp.ReverseProxy.Forwarder;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Hands an admitted request to its service (YARP) and the answer back. Bodies are streamed, not kept. What fails on the way
/// is answered as a problem: a service that is away, or silent for 30 seconds (<c>Hikyaku:ServiceTimeoutSeconds</c>), is 503 with
/// Retry-After. Who does not read for as long is hung up on.
/// </summary>
public sealed partial class Forwarding(
    IHttpForwarder forwarder, Services services, InternalTokens tokens, SignInThrottle throttle, OwnPassword ownPassword, SessionWatch watch, IConfiguration configuration, ILogger<Forwarding> log)
{
    private readonly ForwarderRequestConfig _config = new()
    {
        ActivityTimeout = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:ServiceTimeoutSeconds", 30)),
        Version = System.Net.HttpVersion.Version11,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
    };

    /// <summary>The endpoint of every route that one service answers.</summary>
    public Task SendAsync(HttpContext http) => SendAsync(http, http.Admission().Route.Service);

    /// <summary>Hands the request to a service.</summary>
    public async Task SendAsync(HttpContext http, string service)
    {
        var admission = http.Admission();
        if (admission.Route.TakesOwnPassword)
        {
            var (isRight, refusal) = await ownPassword.TakeAsync(http, admission.Asker.Session.Login, http.RequestAborted);
            if (refusal is not null) await refusal.ExecuteAsync(http);
            else await SendAsync(http, admission, service, isRight);
            return;
        }

        if (!admission.Route.ProvePassword.Contains(admission.Asker.Session.Role))
        {
            await SendAsync(http, admission, service);
            return;
        }

        // While the request runs it counts as a try. Afterwards the wrong password counts, or nothing.
        var (login, from) = (admission.Asker.Session.Login, SessionReader.AddressOf(http));
        var (begun, wait) = await throttle.BeginAsync(login, from, Guid.NewGuid().ToString(), http.RequestAborted);
        using var attempt = begun;
        if (attempt is null) await GatewayProblems.TooManyAttemptsIn(wait).ExecuteAsync(http);
        else attempt.WrongPassword = await SendAsync(http, admission, service);
    }

    private async Task<string?> SendAsync(HttpContext http, Admission admission, string service, bool isOwnPasswordRight = false)
    {
        var token = await tokens.ForAsync(admission.Asker, admission.Target);
        var outgoing = new OutgoingRequest(admission.Path, token!, isOwnPasswordRight);
        var error = admission.Route.Streams
            ? await watch.RunAsync(admission.Asker, ForwardAsync, http.RequestAborted)
            : await ForwardAsync(http.RequestAborted);
        if (error == ForwarderError.None || http.Response.HasStarted || http.RequestAborted.IsCancellationRequested) return outgoing.WrongPassword;

        var exception = http.GetForwarderErrorFeature()?.Exception;
        http.Response.Clear();
        await Answer(error, exception, service, http).ExecuteAsync(http);
        return null;

        Task<ForwarderError> ForwardAsync(CancellationToken stop)
            => forwarder.SendAsync(http, services.AddressOf(service), services.Invoker, _config, outgoing, stop).AsTask();
    }

    private IResult Answer(ForwarderError error, Exception? exception, string service, HttpContext http)
    {
        if (BadRequestIn(exception) is { } bad)
            return bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? BodyLimit.Refusal(http) : Problems.Of(PlatformProblems.Malformed, null, ("reason", bad.StatusCode));
        LogAway(exception, service, error, http.Request.Method, http.Request.Path, Activity.Current?.TraceId.ToString());
        return Problems.Of(PlatformProblems.Unavailable);
    }

    private static BadHttpRequestException? BadRequestIn(Exception? exception) => exception switch
    {
        null => null,
        BadHttpRequestException bad => bad,
        AggregateException many => many.InnerExceptions.Select(BadRequestIn).FirstOrDefault(b => b is not null),
        _ => BadRequestIn(exception.InnerException),
    };

    [LoggerMessage(1, LogLevel.Warning, "Service {Service} gave no answer ({Error}) to {Method} {Path}, trace {Trace}")]
    private partial void LogAway(Exception? exception, string service, ForwarderError error, string method, string path, string? trace);
}
