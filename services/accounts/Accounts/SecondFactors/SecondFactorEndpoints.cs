using Hikyaku.Platform;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>The calls about second factors, which operators and administrators have.</summary>
public static class SecondFactorEndpoints
{
    /// <summary>Maps them.</summary>
    public static void Map(WebApplication app)
    {
        const string own = "/api/v1/me/second-factor";
        app.MapGet(own, ReadSecondFactor.Handle).Produces<SecondFactorView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("Read one's own second factor");
        var commands = app.MapGroup(own).AddEndpointFilter<RouteGroupBuilder, NeverRepeated>().MapCommands("");
        commands.MapPost("", EnrolSecondFactor.Handle).Produces<SecondFactorEnrolment>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("Turn on one's own second factor, in two steps");
        commands.MapDelete("", RemoveSecondFactor.Handle).Produces(204)
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("Turn off one's own second factor");
        commands.MapPost("/recovery-codes", RenewRecoveryCodes.Handle).Produces<RecoveryCodesView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("Make one's recovery codes anew");
        app.MapCommands("/api/v1/domains/{name}/administrators/{login}").MapDelete("/second-factor", ResetSecondFactor.Handle).Produces(204)
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Take away an administrator's second factor");
    }

    // An answer that is kept for a repeated Idempotency-Key would show secrets again.
    private sealed class NeverRepeated : IEndpointFilter
    {
        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            context.HttpContext.Request.Headers.Remove("Idempotency-Key");
            return next(context);
        }
    }
}
