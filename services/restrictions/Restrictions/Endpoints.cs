using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Nodes;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Sources;
using Hikyaku.Restrictions.Space;

namespace Hikyaku.Restrictions;

/// <summary>Every call of the restrictions service, and which roles it is for (RST-4, RST-5, RST-6).</summary>
public static class Endpoints
{
    private static readonly string[] All = [Roles.Operator, Roles.Admin, Roles.User];

    private static readonly StreamHistory History = new([])
    {
        Hidden = ["accountId", "address", "domain"],
        ForOperators = ["rule", "network", "knownNetworks", "reason", "evidence"],
        MayUndo = [Roles.Operator],
        WhyNot = _ => RestrictionsProblems.NotUndoable,
    };

    /// <summary>Maps them.</summary>
    public static void Map(WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var (commands, queries) = (app.MapCommands("/api/v1/accounts/{address}"), app.MapGroup("/api/v1/accounts/{address}"));
        queries.MapGet("/restrictions", ReadRestrictions.Handle).Produces<IReadOnlyList<RestrictionView>>().Allow(Scope.Account, All).WithSummary("What restricts an account");
        commands.MapPost("/restrictions", PlaceRestriction.Handle).Produces<RestrictionView>(201).WithMetadata(new DryRun())
            .Allow(Scope.Account, Roles.Operator).WithSummary("Restrict an account");
        commands.MapDelete("/restrictions/{kind}", LiftRestriction.Handle).Produces(204).Allow(Scope.Account, Roles.Operator).WithSummary("Lift restrictions of an account");
        queries.MapGet("/restrictions/{kind}/timeline", Timeline.Handle).Produces<Page<TimelineItem>>()
            .Allow(Scope.Account, Roles.Operator).WithSummary("What a restriction of an account follows from");
        queries.MapGet("/restrictions/{kind}/report", RestrictionReport.Handle).Produces<string>(200, "text/plain")
            .Allow(Scope.Account, Roles.Operator).WithSummary("A restriction as a text for the customer");
        queries.MapGet("/held-mail", HeldMail.List).Produces<HeldMailList>().Allow(Scope.Account, Roles.Operator).WithSummary("List mail of an account that is held");
        commands.MapPost("/held-mail/release", HeldMail.Release).Produces(204).Allow(Scope.Account, Roles.Operator).WithSummary("Deliver mail that is held");
        commands.MapPost("/held-mail/delete", HeldMail.Delete).Produces(204).Allow(Scope.Account, Roles.Operator).WithSummary("Delete mail that is held");
        queries.MapGet("/login-failures", LoginFailureList.Handle).Produces<LoginFailureList>().Allow(Scope.Account, All).WithSummary("From which programs an account's logins failed");
        app.MapGet("/api/v1/restrictions", ListRestrictions.Handle).Produces<Page<ListedRestriction>>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("List restrictions");
        app.MapGet("/internal/accounts/{id}/sign-in", SignInLock.Handle).Allow(Scope.None, Roles.Gateway).ExcludeFromDescription();
        app.MapGet("/internal/accounts/{id}/intrusion/{kind}", Intrusion.Handle).Allow(Scope.None, Roles.Operator).ExcludeFromDescription();
        app.MapStats();
        MapPolicies(app);
        MapNetworks(app);
        app.MapNodes(app.Services.GetRequiredService<RestrictionStates>().All);
        var space = app.Services.GetRequiredService<MailboxSpace>();
        app.MapAccountSummary((session, account, at, stop) => ReadRestrictions.SummaryAsync(session, account, at, space, stop));
        app.MapAccountHistory<AccountStanding>(History, (_, _) => Decision.Reject(new Rejection(RestrictionsProblems.NotUndoable)), standing => standing);
    }

    private static void MapPolicies(WebApplication app)
    {
        app.MapGet("/api/v1/restriction-policy", Policies.Read).Produces<PolicyView>().Allow(Scope.None, Roles.Operator).WithSummary("Read the thresholds of the platform");
        app.MapGet("/api/v1/restriction-policy/history", Policies.History).Produces<Page<HistoryItem>>()
            .Allow(Scope.None, Roles.Operator).WithSummary("Who changed the thresholds of the platform");
        app.MapCommands("/api/v1/restriction-policy").MapPut("", ChangePolicy.Handle).Produces<PolicyView>().WithMetadata(new DryRun())
            .Allow(Scope.None, Roles.Operator).WithSummary("Change the thresholds of the platform");
        app.MapPost("/api/v1/restriction-policy/trial", TryPolicy.Handle).Produces<TrialView>()
            .Allow(Scope.None, Roles.Operator).WithSummary("Try thresholds on what was observed");
        var domains = app.MapGroup("/api/v1/domains/{name}/restriction-policy");
        domains.MapGet("", Policies.ReadDomain).Produces<PolicyView>().Allow(Scope.Domain, Roles.Operator).WithSummary("Read the thresholds of a domain");
        domains.MapGet("/history", Policies.DomainHistory).Produces<Page<HistoryItem>>().Allow(Scope.Domain, Roles.Operator).WithSummary("Who changed the thresholds of a domain");
        app.MapCommands("/api/v1/domains/{name}/restriction-policy").MapPut("", ChangePolicy.HandleDomain).Produces<PolicyView>().WithMetadata(new DryRun())
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Change the thresholds of a domain");
    }

    private static void MapNetworks(WebApplication app)
    {
        app.MapGet("/api/v1/stopped-networks", StoppedNetworks.List).Produces<StoppedNetworkList>().Allow(Scope.None, Roles.Operator).WithSummary("List stopped networks");
        app.MapCommands("/api/v1/stopped-networks").MapPost("/release", StoppedNetworks.Release).Produces(204)
            .Allow(Scope.None, Roles.Operator).WithSummary("Let a stopped network log in again");
    }
}
