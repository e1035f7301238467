using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Accounts.Contracts;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Hikyaku.Spam.Tests.Integration;

/// <summary>The real spam service in this process, on a database and virtual hosts of its own, spoken to over HTTP. It has no resolver.</summary>
public class SpamService : IAsyncLifetime
{
    public const string Node = "mail1";
    private readonly InternalKeys _keys = InternalKeys.Create(Node);

    public WebApplication App { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public string VirtualHost { get; private set; } = "";

    public string NodeVirtualHost { get; private set; } = "";

    protected string Database { get; private set; } = "";

    /// <summary>Settings in addition.</summary>
    protected virtual IReadOnlyList<string> Settings => [];

    public virtual async ValueTask InitializeAsync()
    {
        (Database, VirtualHost, NodeVirtualHost) = (await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync(), await RabbitServer.NewVirtualHostAsync());
        await StartAsync();
    }

    public virtual async ValueTask DisposeAsync()
    {
        await StopAsync();
        _keys.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Stops it and starts it anew.</summary>
    /// <param name="settings">Settings instead of the usual ones.</param>
    public async Task RestartAsync(params string[] settings)
    {
        await StopAsync();
        await StartAsync(settings);
    }

    private async Task StartAsync(params string[] settings)
    {
        App = Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={Database}", $"--Hikyaku:Rabbit={VirtualHost}", $"--Hikyaku:RabbitNodes={NodeVirtualHost}",
            "--Logging:LogLevel:Default=Warning", "--Hikyaku:Spam:MailHosts=mx1.hikyaku.test,MX2.hikyaku.test.", "--Hikyaku:Spam:NameServers=ns1.hikyaku.test, ns2.hikyaku.test",
            .. _keys.ForService(), .. settings.Length > 0 ? settings : Settings,
        ]);
        await App.StartAsync();
        Http = new HttpClient { BaseAddress = new Uri(App.Urls.First()) };
    }

    private async Task StopAsync()
    {
        if (Http is null) return; // it did not start
        Http.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
    }

    /// <summary>A new account as the gateway names it.</summary>
    public static Target NewAccount(string? domain = null)
    {
        var id = Guid.CreateVersion7().ToString("N");
        domain ??= NewDomain();
        return new(id, $"u{id[^12..]}@{domain}", domain, 1);
    }

    public static string NewDomain() => $"d{Guid.NewGuid():N}"[..13] + ".example.jp";

    public static Caller UserOf(Target account) => new(Roles.User, account.Address, "session-3", [], "192.0.2.3", "panel", account.AccountId);

    public static Caller AdminOf(params string[] domains) => new(Roles.Admin, "admin1", "session-2", domains, "192.0.2.2", "panel");

    public static readonly Caller Operator = new(Roles.Operator, "operator", "session-1", [], "192.0.2.1", "api");

    /// <summary>Sends a request about an account, as its user unless told otherwise.</summary>
    public Task<Reply> SendAsync(HttpMethod method, Target account, string path, object? body = null, Caller? caller = null, params (string Name, string Value)[] headers)
        => SendAsync(method, path.StartsWith('/') ? path : $"/api/v1/accounts/{account.Address}/{path}", body, caller ?? UserOf(account), account, headers);

    /// <summary>Sends a request about a domain.</summary>
    public Task<Reply> SendAsync(HttpMethod method, string domain, string path, object? body, Caller caller, params (string Name, string Value)[] headers)
        => SendAsync(method, $"/api/v1/domains/{domain}/{path}", body, caller, null, headers);

    public Task<Reply> GetAsync(Target account, string path, Caller? caller = null) => SendAsync(HttpMethod.Get, account, path, null, caller);

    public Task<Reply> DnsAsync(string domain, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, domain, "dns", null, Operator, headers);

    public Task<Reply> CheckAsync(string domain) => SendAsync(HttpMethod.Post, domain, "dns/check", null, Operator);

    public Task<Reply> SetAsync(Target account, bool tagSubject, bool sortToJunk, bool? confirm = null) => SendAsync(HttpMethod.Put, account, "spam", new { tagSubject, sortToJunk, confirm });

    /// <summary>The accounts service tells of a domain, as it does when one is added; waits until it is known.</summary>
    public async Task AddDomainAsync(string domain, params DkimRecord[] dkim)
    {
        await PublishAsync(new DomainAdded(Guid.NewGuid(), 1, 1, DateTimeOffset.UtcNow, new("operator", "operator", "", "api", ""), domain, 1, 1, 1));
        if (dkim.Length > 0) await PublishAsync(new DomainRecordsTold(domain, 2, dkim));
        await Eventually.Async(() => AskAsync<bool>($"select exists (select from domain_dns where domain = {domain} and ({dkim.Length == 0} or dkim_version = 2))"), TimeSpan.FromSeconds(60));
    }

    /// <summary>Publishes what other programs do.</summary>
    public Task PublishAsync<T>(T message) where T : class => App.Services.GetRequiredService<IBus>().Publish(message);

    /// <summary>The node reports, as a mail node does.</summary>
    public async Task RenewLeaseAsync(long applied)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/internal/nodes/{Node}")
        {
            Content = JsonContent.Create(new { applied = new Dictionary<string, long> { ["spam"] = applied }, listed = true }),
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

    private async Task<Reply> SendAsync(HttpMethod method, string path, object? body, Caller caller, Target? target, (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.Token(caller, target));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        request.Content = body as HttpContent ?? (body is null ? null : JsonContent.Create(body));
        using var response = await Http.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        return new(response.StatusCode, text.Length > 0 && text[0] is '{' or '[' ? JsonNode.Parse(text) : null, response.Headers.ETag?.Tag, text);
    }
}

/// <summary>An answer, read.</summary>
public sealed record Reply(HttpStatusCode Status, JsonNode? Body, string? ETag, string Text)
{
    /// <summary>The codes of a problem's errors, in order.</summary>
    public string[] Codes => Body?["errors"]?.AsArray().Select(e => e!["code"]!.GetValue<string>()).ToArray() ?? [];

    /// <summary>The codes of what is missing of a domain's DNS.</summary>
    public string[] Missing => [.. Body!["standing"]!["missing"]!.AsArray().Select(m => (string)m!["code"]!)];
}
