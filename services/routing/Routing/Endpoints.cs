using Hikyaku.Platform;
using Hikyaku.Routing.Autoreply;
using Hikyaku.Routing.Forwarding;
using Hikyaku.Routing.History;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Nodes;
using Hikyaku.Routing.Preview;
using Hikyaku.Routing.Reception;
using Marten;

namespace Hikyaku.Routing;

/// <summary>Every call of the routing service: the same for users, administrators and operators (ROLE-1), but that only users try rules on their mail.</summary>
public static class Endpoints
{
    private static readonly string[] All = [Roles.Operator, Roles.Admin, Roles.User];

    /// <summary>Maps them.</summary>
    public static void Map(WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var (commands, queries) = (app.MapCommands("/api/v1/accounts/{address}"), app.MapGroup("/api/v1/accounts/{address}"));
        queries.MapGet("/forwarding-rules", RuleViews.Handle).Produces<RuleViews>().Allow(Scope.Account, All).WithSummary("List an account's forwarding rules");
        commands.MapPost("/forwarding-rules", SetForwarding.Handle).Produces<RuleViews>(201).WithMetadata(new DryRun())
            .Allow(Scope.Account, All).WithSummary("Forward an account's mail");
        commands.MapPut("/forwarding-rules/{id}", ChangeForwardingRule.Handle).Produces(204).WithMetadata(new DryRun())
            .Allow(Scope.Account, All).WithSummary("Change a forwarding rule");
        commands.MapDelete("/forwarding-rules/{id}", RemoveForwardingRule.Handle).Produces(204).Allow(Scope.Account, All).WithSummary("Remove a forwarding rule");
        queries.MapPost("/forwarding-rules/preview", PreviewRule.Handle).Produces<PreviewView>()
            .Allow(Scope.Account, Roles.User).WithSummary("Try a forwarding rule on stored mail");
        queries.MapGet("/autoreply", SetAutoreply.Read).Produces<AutoreplyBody>().Allow(Scope.Account, All).WithSummary("Read an account's autoreply");
        commands.MapPut("/autoreply", SetAutoreply.Handle).Produces<AutoreplyBody>().WithMetadata(new DryRun())
            .Allow(Scope.Account, All).WithSummary("Set an account's autoreply");
        commands.MapDelete("/autoreply", RemoveAutoreply.Handle).Produces(204).Allow(Scope.Account, All).WithSummary("Remove an account's autoreply");
        queries.MapGet("/reception", SetReception.Read).Produces<ReceptionBody>().Allow(Scope.Account, All).WithSummary("Read whether an account stores new mail");
        commands.MapPut("/reception", SetReception.Handle).Produces<ReceptionBody>().WithMetadata(new DryRun())
            .Allow(Scope.Account, All).WithSummary("Turn reception of an account on or off");
        app.MapNodes(app.Services.GetRequiredService<RoutingStates>().All);
        app.MapAccountSummary(SummaryAsync);
        app.MapAccountHistory<MailboxRouting>(RoutingHistory.History, RoutingHistory.PutBack, Summary);
    }

    private static async Task<object> SummaryAsync(IQuerySession session, Target account, DateTimeOffset? at, CancellationToken stop)
        => Summary(at is { } then ? EventTimes.StateAt<MailboxRouting>(await session.Events.FetchStreamAsync(account.AccountId, token: stop), then)
            : await session.LoadAsync<MailboxRouting>(account.AccountId, stop));

    private static object Summary(MailboxRouting? routing)
        => new { Reception = routing?.Reception ?? true, Forwarding = routing is { Rules.IsEmpty: false }, Autoreply = routing?.Autoreply is not null };
}
