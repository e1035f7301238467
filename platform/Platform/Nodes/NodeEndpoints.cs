using Hikyaku.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>What a service says that an account's changes are in force (NOD-5).</summary>
/// <param name="InForce">Whether every node that counts obeys the account's newest event of this service.</param>
public sealed record InForceView(bool InForce);

/// <summary>What every service with node state has for mail nodes and for the gateway: leases, the list, and what is in force.</summary>
public static class NodeEndpoints
{
    private const string Newest = "select coalesce(max(seq_id), 0) from mt_events";

    /// <summary>Adds the leases of a service. A service that keeps a register of nodes adds its <see cref="INodeRegistry"/> first.</summary>
    public static IServiceCollection AddNodeLeases(this IServiceCollection services, string service)
    {
        if (!services.Any(s => s.ServiceType == typeof(INodeRegistry))) services.AddSingleton<INodeRegistry, NoNodeRegistry>();
        return services.AddSingleton(provider => ActivatorUtilities.CreateInstance<NodeLeases>(provider, service));
    }

    /// <summary>
    /// Maps <c>PUT /internal/nodes/{node}</c> (a lease; 409 for a retired node), <c>GET /internal/node-state</c> (the list), and
    /// <c>GET /internal/accounts/{id}/in-force</c> for the gateway, by the events of the stream with the account's id.
    /// </summary>
    /// <param name="app">The service.</param>
    /// <param name="list">Reads all states.</param>
    public static void MapNodes(this IEndpointRouteBuilder app, NodeStateList.Read list)
    {
        app.MapPut("/internal/nodes/{node}", Renew).WithMetadata(new OwnCredential()).ExcludeFromDescription();
        app.MapGet("/internal/accounts/{id}/in-force", InForce).Allow(Scope.None, Roles.Gateway).ExcludeFromDescription();
        app.MapNodeStateList(list);
    }

    /// <summary><c>PUT /internal/nodes/{node}</c> → 200; 409 when the node was retired.</summary>
    public static async Task<IResult> Renew(string node, LeaseReport body, HttpContext http, NodeCredentials credentials, NodeLeases leases, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        if (credentials.NodeOf(http.Request) != node) return Problems.Of(PlatformProblems.Unauthenticated);
        var renewal = await leases.RenewAsync(node, body, stop);
        if (!renewal.Accepted) return Problems.Of(renewal.Rejections);
        await using var newest = database.CreateCommand(Newest);
        return Results.Ok(new LeaseAnswer((long)(await newest.ExecuteScalarAsync(stop))!, time.GetUtcNow()));
    }

    private static async Task<IResult> InForce(string id, NodeLeases leases, NpgsqlDataSource database, CancellationToken stop)
    {
        await using var newest = database.CreateCommand($"{Newest} where stream_id = $1");
        newest.Parameters.Add(new() { Value = id });
        return new Answer(200, new InForceView(await leases.IsInForceAsync(id, (long)(await newest.ExecuteScalarAsync(stop))!, stop)));
    }
}
