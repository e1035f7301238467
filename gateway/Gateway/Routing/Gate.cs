using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Routing;

/// <summary>A request that may go on: who asks, which line of the table it is, and what it is about.</summary>
/// <param name="Asker">Who asks.</param>
/// <param name="Route">The line of the table.</param>
/// <param name="Path">The path in the platform's own spelling.</param>
/// <param name="Target">The account, when the path names one.</param>
public sealed record Admission(Asker Asker, GatewayRoute Route, string Path, Target? Target);

/// <summary>
/// Lets a request in or refuses it, in this order: session or token (401), cross-site request (403), rate (429), a second factor that is
/// to be set up first (403), scope (404), function (403), what a token is limited to (403), existence (404). Nothing of the body has been
/// read until then.
/// </summary>
public sealed class Gate(SessionReader sessions, SessionRate rate, AccountsClient accounts)
{
    /// <summary>The middleware.</summary>
    public async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        var endpoint = http.GetEndpoint();
        var route = endpoint?.Metadata.GetMetadata<GatewayRoute>();
        if (route is null)
        {
            // Routing's own endpoints for 405 and 415 are no RouteEndpoint. Health and documentation are marked as open.
            if (endpoint is RouteEndpoint && endpoint.Metadata.GetMetadata<OwnCredential>() is null) http.SetEndpoint(null);
            await next(http);
            return;
        }

        if (route.IsOpen)
        {
            await next(http);
            return;
        }

        var refusal = await JudgeAsync(http, route);
        if (refusal is null) await next(http);
        else await refusal.ExecuteAsync(http);
    }

    private async Task<IResult?> JudgeAsync(HttpContext http, GatewayRoute route)
    {
        var (who, unknown) = await sessions.ReadAsync(http);
        if (who is not { } asker) return Problems.Of(unknown!);
        if (asker.ByCookie && CrossSite.IsSuspected(http.Request)) return Problems.Of(GatewayProblems.CrossSite);
        using var lease = rate.Take(asker.Session);
        if (!lease.IsAcquired) return Problems.Of(PlatformProblems.TooManyRequests, null, ("n", SessionRate.SecondsToWait(lease)));
        if (asker.Session.MustEnrol && !route.BeforeEnrolment) return Problems.Of(GatewayProblems.EnrolmentRequired);
        if (PathScope.Judge(route.Scope, asker.Session, http.Request.RouteValues) is not { } subject) return Problems.Of(PlatformProblems.NotFound);
        if (!route.MayCall.Contains(asker.Session.Role)) return Problems.Of(PlatformProblems.Forbidden);
        if (asker.Token?.Refusal(route) is { } refusal) return Problems.Of([refusal]);

        var target = subject.Address is null ? null : await accounts.FindTargetAsync(subject.Address);
        if (subject.Address is not null && target is null) return Problems.Of(PlatformProblems.NotFound);
        http.Features.Set(new Admission(asker, route, route.PathFor(http.Request.RouteValues, subject), target));
        return null;
    }
}

/// <summary>Reads what the gate has found.</summary>
public static class AdmissionOfRequest
{
    /// <summary>Only behind the gate, and only on routes that need a session.</summary>
    public static Admission Admission(this HttpContext http)
        => http.Features.Get<Admission>() ?? throw new InvalidOperationException("This route needs no session, so nobody is known");
}
