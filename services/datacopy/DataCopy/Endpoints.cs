using Hikyaku.DataCopy.Copies;
using Hikyaku.DataCopy.Nodes;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy;

/// <summary>Every call of the copy service, and which roles it is for: a copy is its user's own (ROLE-1).</summary>
public static class Endpoints
{
    private static readonly StreamHistory History = new([])
    {
        Hidden = ["accountId", "address", "domain", "secretHash", "expiresAt", "skips"],
        MayUndo = [],
    };

    /// <summary>Maps them.</summary>
    public static void Map(WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var (commands, queries) = (app.MapCommands("/api/v1/accounts/{address}/copies"), app.MapGroup("/api/v1/accounts/{address}/copies"));
        commands.MapPost("", RequestCopy.Handle).Produces<CopyView>(202).WithMetadata(new DryRun()).Allow(Scope.Account, Roles.User).WithSummary("Copy mail from another server");
        queries.MapGet("", CopyReader.List).Produces<Page<CopyView>>().Allow(Scope.Account, Roles.User).WithSummary("List copies");
        queries.MapGet("/{id}", CopyReader.Handle).Produces<CopyView>().Allow(Scope.Account, Roles.User).WithSummary("Read a copy");
        queries.MapDelete("/{id}", CancelsCopies.Handle).Produces<CopyView>().Allow(Scope.Account, Roles.User).WithSummary("Cancel a copy");
        queries.MapGet("/{id}/events", CopyReader.HandleEvents).Produces<string>(200, "text/event-stream").Allow(Scope.Account, Roles.User).WithSummary("Follow a copy");
        app.MapJobs();
        app.MapPost("/api/v1/jobs/{id}/undo", UndoJobAsync).Produces<JobView>(202).Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Undo a job");
        app.MapNodes(app.Services.GetRequiredService<CopyGrants>().All);
        app.MapAccountHistory<AccountCopies>(History, (_, _) => Decision.Reject(new Rejection(PlatformProblems.NotUndoable)), copies => copies);
    }

    // What was copied is the user's own mail from then on.
    private static async Task<IResult> UndoJobAsync(string id, UndoBody? body, HttpContext http, JobReader reader, CancellationToken stop)
        => Problems.Of(await reader.FindAsync(id, http, stop) is null ? PlatformProblems.NotFound : PlatformProblems.NotUndoable);
}
