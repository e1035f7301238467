using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Hikyaku.Platform.Testing;

/// <summary>A real service in this process, on a database and virtual hosts of its own, spoken to over HTTP as the gateway and nodes do.</summary>
/// <param name="service">Its name.</param>
/// <param name="build">Its program.</param>
public abstract class ServiceUnderTest(string service, Func<string[], WebApplication> build) : IAsyncDisposable
{
    /// <summary>The node that reports to it.</summary>
    public const string Node = "mail1";

    /// <summary>An operator.</summary>
    public static readonly Caller Operator = new(Roles.Operator, "operator", "session-1", [], "192.0.2.1", "api");

    private readonly InternalKeys _keys = InternalKeys.Create(Node);

    /// <summary>The program.</summary>
    public WebApplication App { get; private set; } = null!;

    /// <summary>Speaks to it.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>Where it publishes and hears.</summary>
    public string VirtualHost { get; private set; } = "";

    /// <summary>Where it tells nodes.</summary>
    public string NodeVirtualHost { get; private set; } = "";

    /// <summary>Its database.</summary>
    public string Database { get; private set; } = "";

    /// <summary>Settings in addition.</summary>
    protected virtual IReadOnlyList<string> Settings => [];

    /// <summary>Makes database and virtual hosts, and starts it; for xUnit's <c>IAsyncLifetime</c>, which the fixture names.</summary>
    public virtual async ValueTask InitializeAsync()
    {
        (Database, VirtualHost, NodeVirtualHost) = (await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), await RabbitServer.NewVirtualHostAsync());
        await StartAsync();
    }

    /// <inheritdoc/>
    public virtual async ValueTask DisposeAsync()
    {
        await StopAsync();
        _keys.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts it.</summary>
    /// <param name="settings">Settings instead of the usual ones.</param>
    public async Task StartAsync(params string[] settings)
    {
        // In a flow of its own, as MassTransit leaves its logger in that of the caller, where the next start would meet it.
        Task<WebApplication> building;
        using (ExecutionContext.SuppressFlow())
        {
            building = Task.Run(() => build([.. Arguments(), .. settings.Length > 0 ? settings : Settings]));
        }

        App = await building;
        await App.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(App.Urls.First()) };
        // Before its queues are there, what others publish goes nowhere.
        await Eventually.Async(async () =>
        {
            using var ready = await Http.GetAsync(new Uri("/health/ready", UriKind.Relative));
            return ready.IsSuccessStatusCode;
        });
    }

    /// <summary>Starts it as a process of its own, to be killed, while it does not run in this one.</summary>
    public GuardedProcess StartToKill() => new(
        Directory.CreateTempSubdirectory($"hikyaku-test-{service}-").FullName, "root", "KILL", new Dictionary<string, string>(),
        ["dotnet", build.Method.Module.FullyQualifiedName, .. Arguments(), .. Settings]);

    /// <summary>Stops it.</summary>
    public async Task StopAsync()
    {
        if (Http is null) return; // it did not start
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        Http = null!;
    }

    /// <summary>A new account as the gateway names it.</summary>
    public static Target NewAccount(string? domain = null)
    {
        var id = Guid.CreateVersion7().ToString("N");
        domain ??= NewDomain();
        return new(id, $"u{id[^12..]}@{domain}", domain, 1);
    }

    /// <summary>A domain that no other test has.</summary>
    public static string NewDomain() => $"d{Guid.NewGuid():N}"[..13] + ".example.jp";

    /// <summary>The user of an account.</summary>
    public static Caller UserOf(Target account) => new(Roles.User, account.Address, "session-3", [], "192.0.2.3", "panel", account.AccountId);

    /// <summary>An administrator.</summary>
    public static Caller AdminOf(params string[] domains) => new(Roles.Admin, "admin1", "session-2", domains, "192.0.2.2", "panel");

    /// <summary>Sends a request.</summary>
    /// <param name="method">GET and so on.</param>
    /// <param name="path">From /api on.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="target">The account that the path names.</param>
    /// <param name="body">As JSON; null for none.</param>
    /// <param name="headers">In addition.</param>
    public async Task<ServiceReply> SendAsync(HttpMethod method, string path, Caller caller, Target? target = null, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.Token(caller, target));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        request.Content = body as HttpContent ?? (body is null ? null : JsonContent.Create(body));
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, text.Length > 0 && text[0] is '{' or '[' ? JsonNode.Parse(text) : null, response.Headers.ETag?.Tag, text);
    }

    /// <summary>Publishes what other programs do.</summary>
    public Task PublishAsync<T>(T message) where T : class => App.Services.GetRequiredService<IBus>().Publish(message);

    /// <summary>The node reports how far it obeys.</summary>
    public async Task RenewLeaseAsync(long applied)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/nodes/{Node}") { Content = JsonContent.Create(new { applied = new Dictionary<string, long> { [service] = applied }, listed = true }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.NodeBearer(Node));
        using var answer = await Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>What it lists to a node.</summary>
    public async Task<string> ListAsync()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/internal/node-state");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.NodeBearer(Node));
        using var answer = await Http.SendAsync(request);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>Reads one value of its database.</summary>
    public async Task<T> AskAsync<T>(FormattableString sql) => (await App.Services.GetRequiredService<NpgsqlDataSource>().ValueAsync<T>(sql, CancellationToken.None))!;

    /// <summary>Changes its database.</summary>
    public Task<int> ExecuteAsync(FormattableString sql) => App.Services.GetRequiredService<NpgsqlDataSource>().ExecuteAsync(sql, CancellationToken.None);

    private string[] Arguments() =>
    [
        "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={Database}", $"--Hikyaku:Rabbit={VirtualHost}", $"--Hikyaku:RabbitNodes={NodeVirtualHost}",
        "--Logging:LogLevel:Default=Warning", .. _keys.ForService(),
    ];
}

/// <summary>An answer, read.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The JSON; null when it is none.</param>
/// <param name="ETag">The version, in quotation marks.</param>
/// <param name="Text">The body as it came.</param>
public sealed record ServiceReply(HttpStatusCode Status, JsonNode? Body, string? ETag, string Text)
{
    /// <summary>The codes of a problem's errors, in order.</summary>
    public string[] Codes => Body?["errors"]?.AsArray().Select(e => e!["code"]!.GetValue<string>()).ToArray() ?? [];
}
