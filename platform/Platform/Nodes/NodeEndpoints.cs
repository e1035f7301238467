using Hikyaku.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>What every service with node state has for mail nodes: leases and the list.</summary>
public static class NodeEndpoints
{
    /// <summary>Adds the leases of a service. A service that keeps a register of nodes adds its <see cref="INodeRegistry"/> first.</summary>
    public static IServiceCollection AddNodeLeases(this IServiceCollection services, string service)
    {
        if (!services.Any(s => s.ServiceType == typeof(INodeRegistry))) services.AddSingleton<INodeRegistry, NoNodeRegistry>();
        return services.AddSingleton(provider => ActivatorUtilities.CreateInstance<NodeLeases>(provider, service));
    }

    /// <summary>Maps <c>PUT /internal/nodes/{node}</c> (a lease; 409 for a retired node) and <c>GET /internal/node-state</c> (the list).</summary>
    /// <param name="app">The service.</param>
    /// <param name="list">Reads all states.</param>
    public static void MapNodes(this IEndpointRouteBuilder app, NodeStateList.Read list)
    {
        app.MapPut("/internal/nodes/{node}", Renew).WithMetadata(new OwnCredential()).ExcludeFromDescription();
        app.MapNodeStateList(list);
    }

    /// <summary><c>PUT /internal/nodes/{node}</c> → 200; 409 when the node was retired.</summary>
    public static async Task<IResult> Renew(string node, LeaseReport body, HttpContext http, NodeCredentials credentials, NodeLeases leases, NpgsqlDataSource database, TimeProvider time, CancellationToken stop)
    {
        if (credentials.NodeOf(http.Request) != node) return Problems.Of(PlatformProblems.Unauthenticated);
        var renewal = await leases.RenewAsync(node, body, stop);
        if (!renewal.Accepted) return Problems.Of(renewal.Rejections);
        var newest = await database.ValueAsync<long>($"select coalesce(max(seq_id), 0) from mt_events", stop);
        return Results.Ok(new LeaseAnswer(newest, time.GetUtcNow()));
    }
}
