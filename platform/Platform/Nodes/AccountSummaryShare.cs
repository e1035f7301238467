using System.Text.Json;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>A service's share of the account's summary, which the gateway composes.</summary>
public static class AccountSummaryShare
{
    /// <summary>The service's fields of an account's summary.</summary>
    /// <param name="session">Reads the service's store.</param>
    /// <param name="account">The account.</param>
    /// <param name="at">As they were then; null: now.</param>
    /// <param name="stop">Stops it.</param>
    /// <returns>An object whose properties are the fields.</returns>
    public delegate Task<object> Read(IQuerySession session, Target account, DateTimeOffset? at, CancellationToken stop);

    /// <summary>
    /// Maps <c>GET /internal/accounts/{id}/summary</c>: the fields that <paramref name="read"/> answers, and for a service with node
    /// state <c>inForce</c>, by the events of the stream with the account's id (NOD-5). With <c>?at=</c> there is no <c>inForce</c>.
    /// </summary>
    public static void MapAccountSummary(this IEndpointRouteBuilder app, Read read)
        => app.MapGet("/internal/accounts/{id}/summary", (string id, string? at, HttpContext http, IDocumentStore store, CancellationToken stop) => AnswerAsync(id, at, http, store, read, stop))
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).ExcludeFromDescription();

    private static async Task<IResult> AnswerAsync(string id, string? at, HttpContext http, IDocumentStore store, Read read, CancellationToken stop)
    {
        // The gateway has judged whether the caller may read this account, and says so in the token.
        if (http.Asking().Target is not { } account || account.AccountId != id) return Problems.Of(PlatformProblems.NotFound);
        DateTimeOffset? then = null;
        if (at is not null)
        {
            if (!EventTimes.TryRead(at, out var time)) return Problems.Of(PlatformProblems.BadParameter, "at", ("name", "at"));
            then = time;
        }

        await using var session = store.QuerySession();
        var fields = JsonSerializer.SerializeToNode(await read(session, account, then, stop), Answer.Json)!.AsObject();
        if (then is null && http.RequestServices.GetService<NodeLeases>() is { } leases)
        {
            var database = http.RequestServices.GetRequiredService<NpgsqlDataSource>();
            var newest = await database.ValueAsync<long>($"select coalesce(max(seq_id), 0) from mt_events where stream_id = {id}", stop);
            fields["inForce"] = await leases.IsInForceAsync(id, newest, stop);
        }

        return new Answer(200, fields);
    }
}
