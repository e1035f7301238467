using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

[assembly: AssemblyFixture(typeof(Hikyaku.Routing.Tests.Integration.RoutingService))]

namespace Hikyaku.Routing.Tests.Integration;

/// <summary>The real routing service in this process, on a database and virtual hosts of its own, spoken to over HTTP.</summary>
public sealed class RoutingService : IAsyncLifetime
{
    public const string Node = "mail1";
    private readonly InternalKeys _keys = InternalKeys.Create(Node);

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string Database { get; private set; } = "";

    public string VirtualHost { get; private set; } = "";

    public string NodeVirtualHost { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        (Database, VirtualHost, NodeVirtualHost) = (await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), await RabbitServer.NewVirtualHostAsync());
        App = Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={Database}", $"--Hikyaku:Rabbit={VirtualHost}", $"--Hikyaku:RabbitNodes={NodeVirtualHost}",
            "--Logging:LogLevel:Default=Warning", .. _keys.ForService(),
        ]);
        await App.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(App.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        _keys.Dispose();
    }

    /// <summary>A new account as the gateway names it.</summary>
    public static Target NewAccount(string? domain = null)
    {
        var id = Guid.CreateVersion7().ToString("N");
        domain ??= $"d{id[^12..]}.example.jp";
        return new(id, $"u{id[^12..]}@{domain}", domain, 1);
    }

    public static Caller UserOf(Target account) => new(Roles.User, account.Address, "session-3", [], "192.0.2.3", "panel", account.AccountId);

    public static Caller AdminOf(params string[] domains) => new(Roles.Admin, "admin1", "session-2", domains, "192.0.2.2", "panel");

    /// <summary>Sends a request about an account, as its user unless told otherwise.</summary>
    public async Task<Reply> SendAsync(HttpMethod method, Target account, string path, object? body = null, Caller? caller = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path.StartsWith('/') ? path : $"/api/v1/accounts/{account.Address}/{path}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.Token(caller ?? UserOf(account), account));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, text.Length > 0 && text[0] is '{' or '[' ? JsonNode.Parse(text) : null, response.Headers.ETag?.Tag, text);
    }

    public Task<Reply> GetAsync(Target account, string path, Caller? caller = null) => SendAsync(HttpMethod.Get, account, path, null, caller);

    public Task<Reply> ForwardAsync(Target account, string condition, string? keyword, params string[] destinations)
        => SendAsync(HttpMethod.Post, account, "forwarding-rules", new { condition, keyword, destinations });

    /// <summary>The node reports, as a mail node does.</summary>
    public async Task RenewLeaseAsync(long applied)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/nodes/{Node}")
        {
            Content = JsonContent.Create(new { applied = new Dictionary<string, long> { ["routing"] = applied }, listed = true }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.NodeBearer(Node));
        using var answer = await Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>What the service lists to a node.</summary>
    public async Task<string> ListAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/internal/node-state");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.NodeBearer(Node));
        using var answer = await Http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    public async Task<T> AskAsync<T>(FormattableString sql) => (await App.Services.GetRequiredService<NpgsqlDataSource>().ValueAsync<T>(sql, CancellationToken.None))!;
}

/// <summary>An answer, read.</summary>
public sealed record Reply(HttpStatusCode Status, JsonNode? Body, string? ETag, string Text)
{
    /// <summary>The codes of a problem's errors, in order.</summary>
    public string[] Codes => Body?["errors"]?.AsArray().Select(e => e!["code"]!.GetValue<string>()).ToArray() ?? [];

    /// <summary>The conditions, keywords and destinations of a list of rules.</summary>
    public string[] Rules => [.. Body!["items"]!.AsArray().Select(r => $"{r!["condition"]} {r["keyword"]} {string.Join(' ', r["destinations"]!.AsArray())}")];
}
