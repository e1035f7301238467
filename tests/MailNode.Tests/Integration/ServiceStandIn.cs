using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Contracts;
using Hikyaku.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>The calls of a service that a node makes, over HTTP.</summary>
/// <param name="service">The service's name.</param>
public sealed class ServiceStandIn(string service) : IAsyncDisposable
{
    public const string Credential = "credential-of-a-node";
    private readonly ConcurrentDictionary<string, object> _states = new();
    private WebApplication? _app;

    public string Url { get; private set; } = "http://127.0.0.1:0";

    /// <summary>The service's newest position.</summary>
    public long Position { get; private set; }

    /// <summary>Awaited in the middle of a list.</summary>
    public Func<Task> InTheMiddle { get; set; } = () => Task.CompletedTask;

    /// <summary>How much its clock is ahead of the node's.</summary>
    public TimeSpan ClockAhead { get; set; }

    /// <summary>What its clock shows.</summary>
    public DateTimeOffset Now => DateTimeOffset.UtcNow + ClockAhead;

    /// <summary>Answers lists without their last line.</summary>
    public bool BreaksOff { get; set; }

    /// <summary>A line that lists begin with.</summary>
    public string? FirstLine { get; set; }

    public int Lists { get; private set; }

    public int Renewals { get; private set; }

    /// <summary>The last lease that each node renewed.</summary>
    public ConcurrentDictionary<string, JsonElement> Leases { get; } = new();

    /// <summary>The last lease of the first node.</summary>
    public JsonElement? Lease => Leases.TryGetValue("mail1", out var lease) ? lease : null;

    /// <summary>Whose renewals are refused.</summary>
    public ConcurrentDictionary<string, bool> Retired { get; } = new();

    /// <summary>What is in force on every node for everybody.</summary>
    public long Applied => Leases.IsEmpty ? 0 : Leases.Values.Min(l => PendingOf(l).Select(p => p.Value).Append(AppliedOf(l)).Min());

    /// <summary>What is in force on every node for one account.</summary>
    public long AppliedFor(string accountId) => Leases.IsEmpty ? 0 : Leases.Values.Min(l => PendingOf(l).GetValueOrDefault(accountId, AppliedOf(l)));

    public long Next() => ++Position;

    /// <summary>What lists tell from now on.</summary>
    public void Keep(object state) => _states[Key(state)] = state;

    /// <summary>Makes a state of the next position, so that no list is between the two.</summary>
    public T Keep<T>(Func<long, T> make) where T : class
    {
        lock (_states)
        {
            var state = make(Position + 1);
            Keep(state);
            Position++;
            return state;
        }
    }

    /// <summary>Everything that lists tell.</summary>
    public (object[] States, long Position) Snapshot()
    {
        lock (_states) return ([.. _states.Values], Position);
    }

    /// <summary>What lists do not tell any more.</summary>
    public void Forget(object state) => _states.TryRemove(Key(state), out _);

    public async Task StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(Url);
        _app = builder.Build();
        _app.Use((http, next) =>
        {
            if (http.Request.Headers.Authorization.ToString() is "Bearer mail1." + Credential or "Bearer mail2." + Credential) return next(http);
            http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
        _app.MapGet("/internal/node-state", ListAsync);
        _app.MapGet("/internal/node-state/digests", () =>
        {
            var (states, position) = Snapshot();
            var digests = new NodeStateDigests();
            foreach (var state in states) digests.Add(state);
            return Results.Json(new NodeStateDigestsAnswer(position, position, digests.Parts), JsonSerializerOptions.Web);
        });
        _app.MapPut("/internal/nodes/{node}", async (string node, HttpContext http) =>
        {
            if (Retired.ContainsKey(node)) return Results.Conflict();
            Leases[node] = await http.Request.ReadFromJsonAsync<JsonElement>();
            Renewals++;
            return Results.Ok(new LeaseAnswer(Position, Now));
        });
        await _app.StartAsync();
        Url = _app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
    }

    /// <summary>Goes away; a later start has the same address.</summary>
    public async Task StopAsync()
    {
        if (_app is null) return;
        await _app.StopAsync();
        await _app.DisposeAsync();
        _app = null;
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private long AppliedOf(JsonElement lease) => lease.GetProperty("applied").TryGetProperty(service, out var applied) ? applied.GetInt64() : 0;

    private static Dictionary<string, long> PendingOf(JsonElement lease)
        => lease.GetProperty("pending").Deserialize<Dictionary<string, long>>() ?? [];

    // The first property of a state is its key.
    private static string Key(object state) => $"{state.GetType().Name} {state.GetType().GetProperties()[0].GetValue(state)}";

    // As the services do: what a list tells is as of the list.
    private static JsonNode At(object state, long position)
    {
        var json = JsonSerializer.SerializeToNode(state, state.GetType(), JsonSerializerOptions.Web)!;
        json["position"] = position;
        return json;
    }

    private async Task ListAsync(HttpContext http)
    {
        Lists++;
        var (states, position) = Snapshot();
        var shards = http.Request.Query.TryGetValue("shards", out var asked) ? asked.ToString().Split(',').Select(int.Parse).ToHashSet() : null;
        if (FirstLine is not null) await http.Response.WriteAsync(FirstLine + "\n");
        for (var i = 0; i < states.Length; i++)
        {
            if (i == states.Length / 2) await InTheMiddle();
            if (shards is null || shards.Contains(NodeStateDigests.ShardOf(states[i])))
                await http.Response.WriteAsync(JsonSerializer.Serialize(new { part = states[i].GetType().Name, state = At(states[i], position) }, JsonSerializerOptions.Web) + "\n");
        }

        if (!BreaksOff) await http.Response.WriteAsync(JsonSerializer.Serialize(new { position, upTo = position, now = Now }, JsonSerializerOptions.Web) + "\n");
    }
}
