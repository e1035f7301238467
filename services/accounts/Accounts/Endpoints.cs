using Hikyaku.Accounts.Credentials;
using Hikyaku.Accounts.Deletion;
using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Export;
using Hikyaku.Accounts.Files;
using Hikyaku.Accounts.History;
using Hikyaku.Accounts.Jobs;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Nodes;
using Hikyaku.Accounts.SecondFactors;
using Hikyaku.Accounts.Server;
using Hikyaku.Accounts.Staff;
using Hikyaku.Accounts.Undo;
using Hikyaku.Platform;

namespace Hikyaku.Accounts;

/// <summary>Every call of the accounts service, and which roles it is for (ROLE-1).</summary>
public static class Endpoints
{
    /// <summary>Maps them.</summary>
    public static void Map(WebApplication app)
    {
        MapDomains(app.MapCommands("/api/v1/domains"), app.MapGroup("/api/v1/domains"));
        MapAccounts(app.MapCommands("/api/v1/accounts/{address}"), app.MapGroup("/api/v1/accounts/{address}"));
        MapDeletions(app.MapGroup("/api/v1").AddEndpointFilter<RouteGroupBuilder, ObeyedBeforeAnswer>().MapCommands(""));
        MapBulk(app.MapCommands("/api/v1/domains"));
        app.MapJobs();
        app.MapCommands("/api/v1/jobs").MapPost("/{id}/undo", UndoJob.Handle).Produces<JobView>(202)
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Undo a bulk job");
        MapFiles(app.MapGroup("/api/v1"));
        app.MapCommands("/api/v1/me").MapPut("/password", ChangeStaffPassword.HandleOwn).Produces(204).WithMetadata(new DryRun())
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Change one's own password");
        SecondFactorEndpoints.Map(app);
        app.MapGet("/api/v1/nodes", ReadNodes.Handle).Produces<Page<NodeView>>()
            .Allow(Scope.None, Roles.Operator).WithSummary("List the mail nodes");
        app.MapCommands("/api/v1/nodes").MapPost("/{id}/retire", RetireMailNode.Handle).Produces(204)
            .Allow(Scope.None, Roles.Operator).WithSummary("Retire a mail node");
        app.MapGet("/api/v1/server", ReadServer.Handle).Produces<ServerView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("What people need to know of the mail servers");
        app.MapGet("/internal/server", ReadServer.Handle).Allow(Scope.None, Roles.Gateway).ExcludeFromDescription();
        app.MapPost("/internal/credentials/verify", VerifyCredentials.Handle).Allow(Scope.None, Roles.Gateway).ExcludeFromDescription();
        app.MapGet("/internal/targets/{address}", ResolveTarget.Handle).Allow(Scope.None, Roles.Gateway).ExcludeFromDescription();
        app.MapNodes(app.Services.GetRequiredService<NodeStates>().All);
    }

    private static void MapDomains(RouteGroupBuilder commands, RouteGroupBuilder queries)
    {
        commands.MapPost("", AddDomain.Handle).Produces<DomainView>(201).WithMetadata(new DryRun())
            .Allow(Scope.None, Roles.Operator).WithSummary("Add a domain");
        queries.MapGet("", ReadDomains.List).Produces<Page<DomainView>>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("List domains");
        queries.MapGet("/{name}", ReadDomains.One).Produces<DomainView>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Read a domain, now or as it was at a time");
        commands.MapPatch("/{name}", ChangeDomainLimits.Handle).Produces<DomainView>().WithMetadata(new DryRun())
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Change a domain's limits");
        queries.MapGet("/{name}/history", ReadHistory.OfDomain).Produces<Page<HistoryItem>>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Who changed what of a domain");
        commands.MapPost("/{name}/history/{eventId}/undo", UndoDomainChange.Handle).Produces<DomainView>()
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Undo a change of a domain's limits");
        queries.MapGet("/{name}/dns", ReadDomainDns.Handle).Produces<DomainDnsView>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("What a domain's DNS must have");
        commands.MapPost("/{name}/dkim/rotate", RotateDkimKey.Handle).Produces<DomainDnsView>(202)
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Make a domain's next DKIM key, or activate it");
        queries.MapGet("/{name}/administrators", DismissAdministrator.List).Produces<Page<AdministratorView>>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("List a domain's administrators");
        queries.MapGet("/{name}/administrators/{login}", DismissAdministrator.One).Produces<AdministratorView>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Read a domain's administrator");
        queries.MapGet("/{name}/administrators/{login}/history", ReadHistory.OfAdministrator).Produces<Page<HistoryItem>>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Who changed an administrator's password");
        commands.MapPost("/{name}/administrators", AppointAdministrator.Handle).Produces<AdministratorView>(201).WithMetadata(new DryRun())
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Appoint an administrator");
        commands.MapDelete("/{name}/administrators/{login}", DismissAdministrator.Handle).Produces(204)
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Dismiss an administrator");
        commands.MapPut("/{name}/administrators/{login}/password", ChangeStaffPassword.HandleOthers).Produces(204).WithMetadata(new DryRun())
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Set an administrator's password");
        commands.MapPost("/{name}/accounts", CreateMailAccount.Handle).Produces<MailAccountView>(201).WithMetadata(new DryRun())
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Create a mail account");
        queries.MapGet("/{name}/accounts", ListMailAccounts.Handle).Produces<Page<MailAccountView>>()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("List a domain's mail accounts");
    }

    private static void MapFiles(RouteGroupBuilder queries)
    {
        queries.MapGet("/domains/{name}/accounts.csv", ExportMailAccounts.Handle).Produces<string>(200, "text/csv")
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Export a domain's mail accounts");
        queries.MapGet("/samples/mail-accounts-sample.csv", SampleFiles.Registration).Produces<string>(200, "text/csv")
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("Sample of a file for bulk registration");
        queries.MapGet("/samples/mail-password-sample.csv", SampleFiles.Change).Produces<string>(200, "text/csv")
            .Allow(Scope.None, Roles.Operator, Roles.Admin).WithSummary("Sample of a file for bulk changes");
    }

    private static void MapDeletions(RouteGroupBuilder commands)
    {
        commands.MapDelete("/accounts/{address}", DeleteMailAccounts.HandleOne).Produces<JobView>(202)
            .Allow(Scope.Account, Roles.Operator, Roles.Admin).WithSummary("Delete a mail account and everything of it");
        commands.MapDelete("/domains/{name}", DeleteDomain.Handle).Produces<JobView>(202)
            .Allow(Scope.Domain, Roles.Operator).WithSummary("Delete a domain of which only postmaster is left");
        commands.MapPost("/domains/{name}/accounts/delete", DeleteMailAccounts.HandleMany).Produces<JobView>(202)
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Delete mail accounts, all or none");
    }

    private static void MapBulk(RouteGroupBuilder commands)
    {
        commands.MapPost("/{name}/imports", QueueBulkJob.HandleRegistration).Produces<JobView>(202).TakesFile()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Register the mail accounts of a CSV file, all or none");
        commands.MapPost("/{name}/bulk-changes", QueueBulkJob.HandleChange).Produces<JobView>(202).TakesFile()
            .Allow(Scope.Domain, Roles.Operator, Roles.Admin).WithSummary("Change mail accounts as a CSV file says, all or none");
    }

    private static void MapAccounts(RouteGroupBuilder commands, RouteGroupBuilder queries)
    {
        queries.MapGet("", ReadMailAccount.Handle).Produces<MailAccountView>()
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Read a mail account, now or as it was at a time");
        commands.MapPatch("", ChangeMailAccount.Handle).Produces<MailAccountView>().WithMetadata(new DryRun())
            .Allow(Scope.Account, Roles.Operator, Roles.Admin).WithSummary("Change password, capacity, comment");
        commands.MapPut("/password", ChangePassword.Handle).Produces(204).WithMetadata(new DryRun())
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Change the password");
        commands.MapDelete("/mail", DeleteMailData.Handle).Produces<JobView>(202)
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Delete all mail of an account");
        commands.MapPost("/force-password-change", ForcePasswordChange.Handle).Produces(204)
            .Allow(Scope.Account, Roles.Operator).WithSummary("Replace the password by one that nobody knows");
        queries.MapGet("/client-settings", ReadClientSettings.Handle).Produces<ClientSettingsView>()
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("What a mail program must be told of an account");
        queries.MapGet("/history", ReadHistory.OfAccount).Produces<Page<HistoryItem>>()
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Who changed what of an account");
        commands.MapPost("/history/{eventId}/undo", UndoAccountChange.Handle).Produces<MailAccountView>()
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Undo a change of an account");
    }
}
