using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Hikyaku.Platform;

/// <summary>What a path is about, which decides whose scope it is in (ROLE-2).</summary>
public enum Scope
{
    /// <summary>Nothing in particular.</summary>
    None,

    /// <summary>The domain in the route value <c>name</c>.</summary>
    Domain,

    /// <summary>The token's target account.</summary>
    Account,
}

/// <summary>Who may call an endpoint: scope is judged first (404), then the function (403).</summary>
/// <param name="Scope">What the path is about.</param>
/// <param name="MayCall">The roles that the function is for.</param>
public sealed record AccessRule(Scope Scope, IReadOnlyList<string> MayCall);

/// <summary>A service's own check of the role matrix, from the internal token alone (ROLE-1).</summary>
public static class Access
{
    private static readonly object AskingKey = new();

    /// <summary>Says who may call an endpoint. An endpoint of a service without this answers nobody.</summary>
    public static TBuilder Allow<TBuilder>(this TBuilder endpoint, Scope scope, params string[] roles) where TBuilder : IEndpointConventionBuilder
        => endpoint.WithMetadata(new AccessRule(scope, roles));

    /// <summary>Who asks and about what; only behind <see cref="UseAccess"/>.</summary>
    public static (Caller Caller, Target? Target) Asking(this HttpContext http)
        => http.Items[AskingKey] is ValueTuple<Caller, Target?> asking ? asking : throw new InvalidOperationException("This endpoint has no access rule");

    /// <summary>
    /// Authorises every endpoint by its <see cref="AccessRule"/>, before its body is read. Paths of health checks and of
    /// the node state have their own credentials and carry <see cref="OwnCredential"/>.
    /// </summary>
    public static IApplicationBuilder UseAccess(this IApplicationBuilder app) => app.Use(async (http, next) =>
    {
        // Routing answers 405 and 415 by endpoints of its own, which are no routes.
        if (http.GetEndpoint() is not RouteEndpoint endpoint || endpoint.Metadata.GetMetadata<OwnCredential>() is not null)
        {
            await next(http);
            return;
        }

        var refusal = await JudgeAsync(http, endpoint.Metadata.GetMetadata<AccessRule>());
        if (refusal is null) await next(http);
        else await refusal.ExecuteAsync(http);
    });

    private static async Task<IResult?> JudgeAsync(HttpContext http, AccessRule? rule)
    {
        if (await http.RequestServices.GetRequiredService<InternalTokenReader>().ReadAsync(http) is not var (caller, target))
            return Problems.Of(PlatformProblems.Unauthenticated);
        if (rule is null || !InScope(rule.Scope, http, caller, target)) return Problems.Of(PlatformProblems.NotFound);
        if (!rule.MayCall.Contains(caller.Role)) return Problems.Of(PlatformProblems.Forbidden);
        if (target is not null && http.RequestServices.GetService<ErasedAccounts>() is { } erased && await erased.ContainsAsync(target.AccountId, http.RequestAborted))
            return Problems.Of(PlatformProblems.NotFound); // the gateway has not heard of the deletion yet
        http.Items[AskingKey] = (caller, target);
        return null;
    }

    private static bool InScope(Scope scope, HttpContext http, Caller caller, Target? target) => scope switch
    {
        Scope.None => true,
        Scope.Domain => InternetNames.TryReadDomain(http.GetRouteValue("name") as string, out var domain) && caller.Administers(domain),
        Scope.Account => target is not null
            && InternetNames.TryReadAddress(http.GetRouteValue("address") as string, out var address, out _)
            && address == target.Address
            && (caller.Administers(target.Domain) || (caller.Role == Roles.User && caller.AccountId == target.AccountId)),
        _ => false,
    };
}

/// <summary>Marks an endpoint that checks a credential of its own, or needs none.</summary>
public sealed class OwnCredential;
