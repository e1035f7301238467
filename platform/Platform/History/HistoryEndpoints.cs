using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hikyaku.Platform;

/// <summary>The history of a service's streams that have the account's id, and undos in it. The gateway merges it with other services'.</summary>
public static class HistoryEndpoints
{
    private const string Path = "/api/v1/accounts/{address}/history";

    /// <summary>
    /// Maps <c>GET /api/v1/accounts/{address}/history</c> and <c>POST …/history/{eventId}/undo</c>. Everybody who may see the account may read its
    /// history, and those of <see cref="StreamHistory.MayUndo"/> may undo; the others get 403.
    /// </summary>
    /// <param name="app">The service.</param>
    /// <param name="history">What the service says of its streams.</param>
    /// <param name="putBack">Decides, by the service's own rules, to give settings the values that they had before; pure.</param>
    /// <param name="show">The body that shows a state, as the service's own command answers it.</param>
    public static void MapAccountHistory<TState>(
        this IEndpointRouteBuilder app, StreamHistory history, Func<TState, PutBack, Decision> putBack, Func<TState, object> show)
        where TState : class, IState<TState>
    {
        ArgumentNullException.ThrowIfNull(history);
        app.MapGet(Path, Read).Produces<Page<HistoryItem>>()
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Who changed what of an account");
        app.MapCommands(Path).MapPost("/{eventId}/undo", Undo).Produces(StatusCodes.Status200OK)
            .Allow(Scope.Account, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Undo a change of an account");

        Task<IResult> Read(string address, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
            => HistoryPages.AnswerAsync(history, http.Asking().Target!.AccountId, http, store, stop);

        async Task<IResult> Undo(string address, string eventId, UndoBody? body, CommandContext context, CancellationToken stop)
        {
            var stream = await context.Session.Events.FetchForWriting<TState>(context.Target!.AccountId, stop);
            if (stream.Aggregate is not { } state) return Problems.Of(PlatformProblems.NotFound);
            if (await history.FindAsync(context.Session, context.Target.AccountId, eventId, stop) is not { } undo) return Problems.Of(PlatformProblems.NotFound);
            // Not before the event is found: the gateway asks each service in turn.
            if (!history.MayUndo.Contains(context.Caller.Role)) return Problems.Of(PlatformProblems.Forbidden);
            var decision = history.Undo(undo, earlier => putBack(state, new(earlier, body?.Confirm == true, context.Now)));
            return context.Conclude(stream, decision, (after, version) => new Answer(200, show(after), version));
        }
    }
}

/// <summary>What an undo asks a service for.</summary>
/// <param name="Earlier">The values to put back, by the setting's name.</param>
/// <param name="Confirmed">Whether the caller has seen what it leads to, for what asks for it (428).</param>
/// <param name="Now">When.</param>
public sealed record PutBack(IReadOnlyDictionary<string, object?> Earlier, bool Confirmed, DateTimeOffset Now);
