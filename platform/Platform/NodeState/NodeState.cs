using System.Globalization;
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
/// repeatable-read snapshot, as lines of JSON <c>{"part": …, "state": …}</c>, the last one <c>{"position": n, "upTo": m, "now": t}</c>:
/// the list covers all events up to n and none after m, and the service's clock shows t. A list that breaks off before that line is incomplete.
/// <c>?shards=0,17</c> answers the states of those shards alone, and <c>GET /internal/node-state/digests</c> answers the digests by
/// which a node finds the shards that differ (<see cref="NodeStateDigests"/>).
/// </summary>
public static class NodeStateList
{
    /// <summary>Reads a service's states inside the snapshot; they cover all events up to the position.</summary>
    public delegate IAsyncEnumerable<object> Read(NpgsqlConnection snapshot, long position, CancellationToken stop);

    /// <summary>Adds the endpoints.</summary>
    public static void MapNodeStateList(this IEndpointRouteBuilder app, Read read)
    {
        app.MapGet("/internal/node-state", (HttpContext http, NodeCredentials nodes, NpgsqlDataSource database, TimeProvider time)
                => AnswerAsync(http, nodes, () => WriteAsync(http, database, read, time)))
            .WithMetadata(new OwnCredential()).ExcludeFromDescription();
        app.MapGet("/internal/node-state/digests", (HttpContext http, NodeCredentials nodes, NpgsqlDataSource database) => AnswerAsync(http, nodes, () => WriteDigestsAsync(http, database, read)))
            .WithMetadata(new OwnCredential()).ExcludeFromDescription();
    }

    private static Task AnswerAsync(HttpContext http, NodeCredentials nodes, Func<Task> answer)
        => nodes.NodeOf(http.Request) is null ? Problems.Of(PlatformProblems.Unauthenticated).ExecuteAsync(http) : answer();

    private static async Task WriteAsync(HttpContext http, NpgsqlDataSource database, Read read, TimeProvider time)
    {
        var stop = http.RequestAborted;
        if (!TryReadShards(http.Request, out var shards))
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }

        await using var connection = await database.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
        var (position, upTo) = await PositionsAsync(connection, stop);
        http.Response.ContentType = "application/x-ndjson";
        await foreach (var state in read(connection, position, stop))
        {
            if (shards is not null && !shards.Contains(NodeStateDigests.ShardOf(state))) continue;
            await JsonSerializer.SerializeAsync(http.Response.Body, new { part = state.GetType().Name, state }, JsonSerializerOptions.Web, stop);
            await http.Response.Body.WriteAsync("\n"u8.ToArray(), stop);
        }

        await JsonSerializer.SerializeAsync(http.Response.Body, new { position, upTo, now = time.GetUtcNow() }, JsonSerializerOptions.Web, stop);
        await http.Response.Body.WriteAsync("\n"u8.ToArray(), stop);
    }

    private static async Task WriteDigestsAsync(HttpContext http, NpgsqlDataSource database, Read read)
    {
        var stop = http.RequestAborted;
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var snapshot = await connection.BeginTransactionAsync(System.Data.IsolationLevel.RepeatableRead, stop);
        var (position, upTo) = await PositionsAsync(connection, stop);
        var digests = new NodeStateDigests();
        await foreach (var state in read(connection, position, stop)) digests.Add(state);
        await http.Response.WriteAsJsonAsync(new NodeStateDigestsAnswer(position, upTo, digests.Parts), JsonSerializerOptions.Web, stop);
    }

    // Null means all shards.
    private static bool TryReadShards(HttpRequest request, out HashSet<int>? shards)
    {
        shards = null;
        if (!request.Query.TryGetValue("shards", out var asked)) return true;
        shards = [];
        foreach (var word in asked.ToString().Split(','))
        {
            if (!int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var shard) || shard >= NodeStateDigests.Shards) return false;
            shards.Add(shard);
        }

        return true;
    }

    // The high-water mark, not the highest event: an event below the highest may still be in a transaction that this
    // snapshot does not see, and the node would conclude that its account was deleted.
    private static async Task<(long Position, long UpTo)> PositionsAsync(NpgsqlConnection connection, CancellationToken stop)
    {
        await using var command = new NpgsqlCommand(
            """
            select coalesce((select last_seq_id from mt_event_progression where name = 'HighWaterMark'), 0),
                coalesce((select max(seq_id) from mt_events), 0)
            """, connection);
        await using var row = await command.ExecuteReaderAsync(stop);
        await row.ReadAsync(stop);
        return (row.GetInt64(0), Math.Max(row.GetInt64(0), row.GetInt64(1)));
    }
}
