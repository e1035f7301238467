using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(Hikyaku.Accounts.Tests.Integration.AccountsService))]

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The real accounts service in this process, on a database and virtual hosts of its own, spoken to over HTTP.</summary>
public sealed class AccountsService : IAsyncLifetime
{
    public const string Node = "mail1";
    public const string GoodPassword = "Hatsukoi-12ab";
    public static readonly Caller Operator = new(Roles.Operator, "operator", "session-1", [], "192.0.2.1", "api");

    private readonly InternalKeys _keys = InternalKeys.Create(Node, "mail2");
    private string[] _settings = [];

    /// <summary>Settings of a test's own.</summary>
    public string[] More { get; init; } = [];

    /// <summary>What another instance of the same service is told.</summary>
    public IReadOnlyList<string> Settings => _settings;

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public InternalKeys Keys => _keys;

    public IServiceProvider Services => App.Services;

    public string Database { get; private set; } = "";

    public string VirtualHost { get; private set; } = "";

    public string NodeVirtualHost { get; private set; } = "";

    public async ValueTask InitializeAsync()
        => await StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), await RabbitServer.NewVirtualHostAsync());

    public async Task StartAsync(string database, string bus, string nodes)
    {
        (Database, VirtualHost, NodeVirtualHost) = (database, bus, nodes);
        _settings =
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={database}", $"--Hikyaku:Rabbit={bus}", $"--Hikyaku:RabbitNodes={nodes}",
            "--Hikyaku:PasswordCost=low", "--Hikyaku:DkimKeyBits=1024", "--Hikyaku:DeletionParticipants=gateway", "--Hikyaku:OperatorPassword=Ope-rator-1234", "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks=None", .. _keys.ForService(), .. More,
        ];
        await StartAgainAsync();
    }

    public async Task StartAgainAsync()
    {
        App = Program.Build(_settings);
        await App.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(App.Urls.First()) };
    }

    /// <summary>Ends the service without letting it finish anything that a crash would not let it finish.</summary>
    public async Task StopAsync()
    {
        Http.Dispose();
        await App.StopAsync(new CancellationToken(canceled: true));
        await App.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _keys.Dispose();
    }

    /// <summary>Sends a request as somebody; about an account when the path names one that exists.</summary>
    public async Task<Reply> SendAsync(
        HttpMethod method, string path, object? body = null, Caller? caller = null, params (string Name, string Value)[] headers)
    {
        var target = path.StartsWith("/api/v1/accounts/", StringComparison.Ordinal) ? await TargetAsync(path.Split('/', '?')[4]) : null;
        return await SendAboutAsync(target, method, path, body, caller, headers);
    }

    /// <summary>Sends a request about an account as the gateway knows it, which may be an old story.</summary>
    public async Task<Reply> SendAboutAsync(
        Target? target, HttpMethod method, string path, object? body = null, Caller? caller = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.Token(caller ?? Operator, target));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        request.Content = body switch
        {
            null => null,
            HttpContent content => content,
            _ => JsonContent.Create(body),
        };
        return await Reply.ReadAsync(await Http.SendAsync(request));
    }

    public Task<Reply> GetAsync(string path, Caller? caller = null) => SendAsync(HttpMethod.Get, path, null, caller);

    public async Task<Target?> TargetAsync(string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/internal/targets/{address}");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.Token(Gateway));
        using var answer = await Http.SendAsync(request);
        return answer.IsSuccessStatusCode ? await answer.Content.ReadFromJsonAsync<Target>() : null;
    }

    public async Task<JsonNode> VerifyAsync(string login, string password)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/internal/credentials/verify") { Content = JsonContent.Create(new { login, password }) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.Token(Gateway));
        using var answer = await Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    /// <summary>The node reports, as a mail node does.</summary>
    public async Task RenewLeaseAsync(long applied, bool listed = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/nodes/{Node}")
        {
            Content = JsonContent.Create(new { applied = new Dictionary<string, long> { ["accounts"] = applied }, listed }),
        };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Keys.NodeBearer(Node));
        using var answer = await Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Adds a domain with room.</summary>
    public async Task<string> DomainAsync(int maxAccounts = 100, int maxCapacityMb = 100_000, int defaultCapacityMb = 100)
    {
        var name = $"d{Guid.NewGuid():N}.example.jp";
        var reply = await SendAsync(HttpMethod.Post, "/api/v1/domains", new { name, maxAccounts, maxCapacityMb, defaultCapacityMb });
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        return name;
    }

    /// <summary>Creates an account in a domain.</summary>
    public async Task<string> AccountAsync(string domain, string name = "taro", int? capacityMb = null, string? comment = null)
    {
        var reply = await SendAsync(HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", new { name, password = GoodPassword, capacityMb, comment });
        Assert.Equal(HttpStatusCode.Created, reply.Status);
        return $"{name}@{domain}";
    }

    public static Caller Admin(params string[] domains) => new(Roles.Admin, "admin1", "session-2", domains, "192.0.2.2", "panel");

    public async Task<Caller> UserAsync(string address)
        => new(Roles.User, address, "session-3", [], "192.0.2.3", "panel", (await TargetAsync(address))!.AccountId);

    private static readonly Caller Gateway = new(Roles.Gateway, "gateway", "", [], "", "api");

    public T Get<T>() where T : notnull => Services.GetRequiredService<T>();
}

/// <summary>An answer, read.</summary>
public sealed record Reply(HttpStatusCode Status, JsonNode? Body, string? ETag, string? Location, string? ContentType, string Text)
{
    /// <summary>The codes of a problem's errors, in order.</summary>
    public string[] Codes => Body?["errors"]?.AsArray().Select(e => e!["code"]!.GetValue<string>()).ToArray() ?? [];

    public static async Task<Reply> ReadAsync(HttpResponseMessage response)
    {
        using (response)
        {
            var text = await response.Content.ReadAsStringAsync();
            var type = response.Content.Headers.ContentType?.MediaType;
            var body = type?.EndsWith("json", StringComparison.Ordinal) == true ? JsonNode.Parse(text) : null;
            return new(response.StatusCode, body, response.Headers.ETag?.Tag, response.Headers.Location?.OriginalString, type, text);
        }
    }
}
