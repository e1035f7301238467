using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// Checks a node's own credential: <c>Authorization: Bearer NODE.CREDENTIAL</c>, against the SHA-256 (hex) that the
/// setting <c>Hikyaku:Nodes:NODE</c> holds.
/// </summary>
public sealed class NodeCredentials(IConfiguration configuration)
{
    /// <summary>The node that asks; null when the credential is none.</summary>
    public string? NodeOf(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith("Bearer ", StringComparison.Ordinal)) return null;
        if (header["Bearer ".Length..].Split('.', 2) is not [var node, var credential]) return null;
        if (node.Contains(':', StringComparison.Ordinal) || configuration[$"Hikyaku:Nodes:{node}"] is not { } expected) return null;
        var actual = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(credential)));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(actual), Encoding.ASCII.GetBytes(expected)) ? node : null;
    }
}

/// <summary>
/// The list of list-and-watch: <c>GET /internal/node-state</c> answers every present state of a service from one
/// repeatable-read snapshot, as lines of JSON <c>{"part": …, "state": …}</c>, the last one <c>{"position": n}</c>: the list
/// covers all events up to n. A node whose list breaks off before that line has not got it.
/// </summary>
public static class NodeStateList
{
    /// <summary>Reads a service's states inside the snapshot; they cover all events up to the position.</summary>
    public delegate IAsyncEnumerable<object> Read(NpgsqlConnection snapshot, long position, CancellationToken stop);

    /// <summary>Adds the endpoint.</summary>
    public static void MapNodeStateList(this IEndpointRouteBuilder app, Read read)
        => app.MapGet("/internal/node-state", (HttpContext http, NodeCredentials nodes, NpgsqlDataSource database)
                => nodes.NodeOf(http.Request) is null ? Problems.Of(PlatformProblems.Unauthenticated).ExecuteAsync(http) : WriteAsync(http, database, read))
            .WithMetadata(new OwnCredential()).ExcludeFromDescription();

    private static async Task WriteAsync(HttpContext http, NpgsqlDataSource database, Read read)
    {
        var stop = http.RequestAborted;
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
        var position = await PositionAsync(connection, stop);
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var state in read(connection, position, stop))
        {
            await JsonSerializer.SerializeAsync(http.Response.Body, new { part = state.GetType().Name, state }, JsonSerializerOptions.Web, stop);
            await http.Response.Body.WriteAsync("\n"u8.ToArray(), stop);
        }

        await JsonSerializer.SerializeAsync(http.Response.Body, new { position }, JsonSerializerOptions.Web, stop);
        await http.Response.Body.WriteAsync("\n"u8.ToArray(), stop);
    }

    // The high-water mark, not the highest event: an event below the highest may still be in a transaction that this
    // snapshot does not see, and the node would take its account for one that is gone.
    private static async Task<long> PositionAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand("select last_seq_id from mt_event_progression where name = 'HighWaterMark'", connection);
        return await command.ExecuteScalarAsync(stop) is long position ? position : 0;
    }
}
