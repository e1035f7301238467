using Hikyaku.Platform;
using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Advice;
using Hikyaku.Spam.Deliveries;
using Hikyaku.Spam.Domains;
using Hikyaku.Spam.Nodes;
using Hikyaku.Spam.Tracing;
using Marten;

namespace Hikyaku.Spam;

/// <summary>Every call of the spam service, and which roles it is for (ROLE-1, SPM-4).</summary>
public static class Endpoints
{
    private static readonly string[] All = [Roles.Operator, Roles.Admin, Roles.User];

    /// <summary>Maps them.</summary>
    public static void Map(WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        MapAccounts(app.MapCommands("/api/v1/accounts/{address}"), app.MapGroup("/api/v1/accounts/{address}"));
        MapDomains(app.MapCommands("/api/v1/domains/{name}/dns"), app.MapGroup("/api/v1/domains/{name}/dns"));
        app.MapGet("/api/v1/domains/{name}/history", ReadDomainHistory.Handle).Produces<Page<HistoryItem>>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("What became of a domain's DNS");
        app.MapGet("/api/v1/spam-advice", SpamAdvice.Handle).Produces<AdviceView>().Allow(Scope.None, All).WithSummary("Recommended spam settings");
        app.MapDeliveries();
        app.MapNodes(app.Services.GetRequiredService<SpamStates>().All);
        app.MapAccountSummary(SummaryAsync);
    }

    private static void MapAccounts(RouteGroupBuilder commands, RouteGroupBuilder queries)
    {
        queries.MapGet("/spam", ReadSpam.Handle).Produces<SpamView>().Allow(Scope.Account, All).WithSummary("Read an account's spam settings");
        queries.MapPost("/trace", TraceMessage.Handle).Accepts<byte[]>("message/rfc822").Produces<TraceView>()
            .Allow(Scope.Account, All).WithSummary("What would happen to a message");
        commands.MapPut("/spam", SetSpam.Handle).Produces<SpamSwitches>().WithMetadata(new DryRun())
            .Allow(Scope.Account, All).WithSummary("Turn spam tag and auto-sort of an account on or off");
        queries.MapGet("/history", UndoSpamChange.Read).Produces<Page<HistoryItem>>().Allow(Scope.Account, All).WithSummary("Who changed what of an account");
        commands.MapPost("/history/{eventId}/undo", UndoSpamChange.Handle).Produces<SpamSwitches>().Allow(Scope.Account, All).WithSummary("Undo a change of an account");
    }

    private static void MapDomains(RouteGroupBuilder commands, RouteGroupBuilder queries)
    {
        queries.MapGet("", DomainDnsReader.Handle).Produces<DomainDnsView>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("What a domain's DNS has and must have");
        queries.MapPost("/check", DomainDnsReader.HandleCheck).Produces<DomainDnsView>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Look up a domain's DNS now");
        commands.MapPut("/override", OverrideDns.Handle).Produces<OverrideView>()
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Treat a domain as in force whatever its DNS says");
        commands.MapDelete("/override", RemoveDnsOverride.Handle).Produces(204)
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Let what a domain's DNS says count again");
    }

    private static async Task<object> SummaryAsync(IQuerySession session, Target account, DateTimeOffset? at, CancellationToken stop)
        => new
        {
            Spam = SpamSwitches.Of(at is { } then ? EventTimes.StateAt<AccountSpam>(await session.Events.FetchStreamAsync(account.AccountId, token: stop), then)
                : await session.LoadAsync<AccountSpam>(account.AccountId, stop)),
        };
}
