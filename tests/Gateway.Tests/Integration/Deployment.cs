using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Hikyaku.Gateway.Routing.Routes;
using Hikyaku.Gateway.Sessions;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing.Contracts;
using MassTransit;
using Marten;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Hikyaku.Gateway.Tests.Integration;

/// <summary>The real services behind the real gateway, all in this process, on servers of their own.</summary>
public sealed class Deployment : IAsyncLifetime
{
    public const string OperatorPassword = "Ope-rator-1234";
    public const string Password = "Hatsukoi-12ab";

    private const string Node = "mail1";

    private readonly InternalKeys _keys = InternalKeys.Create(Node);
    private readonly List<WebApplication> _more = [];
    private WebApplication _accounts = null!;
    private WebApplication _feed = null!;
    private WebApplication _routing = null!;
    private WebApplication _spam = null!;
    private WebApplication _restrictions = null!;
    private WebApplication _dataCopy = null!;
    private WebApplication _gateway = null!;
    private IBusControl? _answering;
    private string _bus = "";
    private string _routingNodes = "";
    private string _database = "";

    public Client Client { get; private set; } = null!;

    public string GatewayAddress => _gateway.Urls.First();

    public string AccountsAddress => _accounts.Urls.First();

    public string FeedAddress => _feed.Urls.First();

    public string RoutingAddress => _routing.Urls.First();

    public string SpamAddress => _spam.Urls.First();

    public string RestrictionsAddress => _restrictions.Urls.First();

    public string DataCopyAddress => _dataCopy.Urls.First();

    /// <summary>What the spam service keeps.</summary>
    public IDocumentStore SpamStore => _spam.Services.GetRequiredService<IDocumentStore>();

    /// <summary>What the restrictions service keeps.</summary>
    public IDocumentStore RestrictionsStore => _restrictions.Services.GetRequiredService<IDocumentStore>();

    /// <summary>Where each service is that the gateway forwards to.</summary>
    public IReadOnlyDictionary<string, string> Services => new Dictionary<string, string>
    {
        ["accounts"] = AccountsAddress,
        ["feed"] = FeedAddress,
        ["routing"] = RoutingAddress,
        ["spam"] = SpamAddress,
        ["restrictions"] = RestrictionsAddress,
        ["datacopy"] = DataCopyAddress,
    };

    /// <summary>The gateway and the services behind it, by their names in the route table.</summary>
    public IReadOnlyDictionary<string, WebApplication> Programs => new Dictionary<string, WebApplication>
    {
        [Hikyaku.Gateway.Routing.RouteTable.Own] = _gateway,
        ["accounts"] = _accounts,
        ["feed"] = _feed,
        ["routing"] = _routing,
        ["spam"] = _spam,
        ["restrictions"] = _restrictions,
        ["datacopy"] = _dataCopy,
    };

    public async ValueTask InitializeAsync()
    {
        _bus = await RabbitServer.NewVirtualHostAsync();
        _database = await PostgresServer.NewDatabaseAsync();
        _accounts = Accounts.Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={_database}",
            $"--Hikyaku:Rabbit={_bus}", $"--Hikyaku:RabbitNodes={await RabbitServer.NewVirtualHostAsync()}",
            "--Hikyaku:PasswordCost=low", "--Hikyaku:DkimKeyBits=1024", $"--Hikyaku:OperatorPassword={OperatorPassword}", "--Hikyaku:Server:Webmail=https://webmail.example.net/", "--Logging:LogLevel:Default=Warning", .. _keys.ForService(),
        ]);
        await _accounts.StartAsync();
        _feed = await StartFeedAsync(_bus, "--Hikyaku:WebhookAllow=127.0.0.0/8");
        _routingNodes = await RabbitServer.NewVirtualHostAsync();
        _routing = await StartAsync(global::Hikyaku.Routing.Program.Build, _bus, _routingNodes);
        _spam = await StartAsync(Spam.Program.Build, _bus);
        _restrictions = await StartAsync(Restrictions.Program.Build, _bus);
        _dataCopy = await StartAsync(args => DataCopy.Program.Build(["--Hikyaku:CopyDestination=127.0.0.1:143", "--Hikyaku:CopyJobs=0", .. args]), _bus);
        // All tests come from one network.
        _gateway = await StartGatewayAsync(_bus, AccountsAddress, ["--Hikyaku:Throttle:DistinctLogins=100000"], []);
        Client = new Client(_gateway.Urls.First());
    }

    /// <summary>A further gateway, with servers of its own, in front of some accounts service.</summary>
    public async Task<WebApplication> NewGatewayAsync(string accounts, params string[] settings)
        => await StartGatewayAsync(await RabbitServer.NewVirtualHostAsync(), accounts, settings, []);

    /// <summary>A further gateway that knows more services than the platform has, with servers of its own.</summary>
    public async Task<WebApplication> NewGatewayAsync(string accounts, IReadOnlyList<(IServiceRoutes Routes, string Address)> more, params string[] settings)
        => await StartGatewayAsync(
            await RabbitServer.NewVirtualHostAsync(), accounts,
            [.. more.Select(s => $"--Hikyaku:Services:{s.Routes.Service}={s.Address}"), .. settings],
            [.. more.Select(s => s.Routes)]);

    /// <summary>A further copy service and a gateway before it, both with servers of their own.</summary>
    public async Task<(Uri Gateway, Uri DataCopy)> NewDataCopyAsync(params string[] settings)
    {
        var service = await StartAsync(args => DataCopy.Program.Build([.. args, .. settings]), await RabbitServer.NewVirtualHostAsync());
        var gateway = await StartGatewayAsync(await RabbitServer.NewVirtualHostAsync(), AccountsAddress, [$"--Hikyaku:Services:datacopy={service.Urls.First()}"], []);
        return (new(gateway.Urls.First()), new(service.Urls.First()));
    }

    /// <summary>A further feed, with servers of its own.</summary>
    public async Task<WebApplication> NewFeedAsync(params string[] settings) => await StartFeedAsync(await RabbitServer.NewVirtualHostAsync(), settings);

    private async Task<WebApplication> StartFeedAsync(string bus, params string[] settings)
    {
        var feed = Feed.Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={await PostgresServer.NewDatabaseAsync()}", $"--Hikyaku:Rabbit={bus}",
            "--Logging:LogLevel:Default=Warning", .. _keys.ForService(), .. settings,
        ]);
        _more.Add(feed);
        await feed.StartAsync();
        return feed;
    }

    private async Task<WebApplication> StartAsync(Func<string[], WebApplication> build, string bus, string? nodes = null)
    {
        var service = build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={await PostgresServer.NewDatabaseAsync()}", $"--Hikyaku:Rabbit={bus}",
            $"--Hikyaku:RabbitNodes={nodes ?? await RabbitServer.NewVirtualHostAsync()}", "--Logging:LogLevel:Default=Warning", .. _keys.ForService(),
        ]);
        _more.Add(service);
        await service.StartAsync();
        return service;
    }

    private async Task<WebApplication> StartGatewayAsync(string bus, string accounts, string[] settings, IServiceRoutes[] more)
    {
        var gateway = Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={await PostgresServer.NewDatabaseAsync()}", $"--Hikyaku:Rabbit={bus}",
            $"--Hikyaku:Services:accounts={accounts}", $"--Hikyaku:Services:feed={FeedAddress}", $"--Hikyaku:Services:routing={RoutingAddress}",
            $"--Hikyaku:Services:spam={SpamAddress}", $"--Hikyaku:Services:restrictions={RestrictionsAddress}",
            $"--Hikyaku:Services:datacopy={DataCopyAddress}",
            "--Logging:LogLevel:Default=Warning", .. _keys.ForGateway(), .. settings,
        ], more);
        _more.Add(gateway);
        await gateway.StartAsync();
        return gateway;
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        if (_answering is not null) await _answering.StopAsync();
        foreach (var app in _more.Append(_accounts).OfType<WebApplication>())
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        _keys.Dispose();
    }

    /// <summary>Which account has an address.</summary>
    public async Task<string> AccountIdAsync(string address) => (string)(await AskAsync(_database, "select account_id from mail_account_list where address = $1", address))!;

    /// <summary>Whether the gateway has told the accounts service that nothing of an account is left.</summary>
    public async Task<bool> HasErasedAsync(string accountId)
        => await AskAsync(_database, "select participant from deletion_report where account_id = $1 and participant = 'gateway'", accountId) is not null;

    /// <summary>The gateway's own sessions.</summary>
    public SessionStore Sessions => _gateway.Services.GetRequiredService<SessionStore>();

    /// <summary>How many sessions the gateway's own database has of a login.</summary>
    public async Task<long> SessionsOfAsync(string login)
        => (long)(await AskAsync(_gateway.Configuration["ConnectionStrings:Postgres"]!, "select count(*) from session where login = $1", login))!;

    /// <summary>A mail node tells of logins.</summary>
    public Task ObserveAsync(LoginsObserved logins) => _restrictions.Services.GetRequiredService<IBus>().Publish(logins);

    /// <summary>From now on a mail node tells whoever tries a rule that these stored messages match.</summary>
    public async Task AnswerPreviewsAsync(int searched, params PreviewedMessage[] matches)
    {
        var services = _restrictions.Services.GetRequiredService<IBus>();
        _answering = MassTransit.Bus.Factory.CreateUsingRabbitMq(r =>
        {
            r.Host(new Uri(_routingNodes));
            r.ReceiveEndpoint("previews", e => e.Handler<RulePreviewAsked>(c => services.Publish(new RulePreviewed(Node, c.Message.RequestId, searched, matches.Length, matches))));
        });
        await _answering.StartAsync();
    }

    /// <summary>A mail node tells something else.</summary>
    public Task TellAsync<T>(T fact) where T : class => _spam.Services.GetRequiredService<IBus>().Publish(fact);

    /// <summary>Where mail nodes hear what the spam service asks of them.</summary>
    public string SpamNodes => _spam.Configuration["Hikyaku:RabbitNodes"]!;

    /// <summary>Something of the restrictions service's own database.</summary>
    public Task<object?> AskRestrictionsAsync(string sql, string value) => AskAsync(_restrictions.Configuration["ConnectionStrings:Postgres"]!, sql, value);

    /// <summary>How many rows of preferences the gateway's own database has of an account.</summary>
    public async Task<long> PreferencesOfAsync(string accountId)
        => (long)(await AskAsync(_gateway.Configuration["ConnectionStrings:Postgres"]!, "select count(*) from preference where subject = $1", accountId))!;

    /// <summary>Whether the gateway takes a domain for one that requires a second factor; null: it has never heard so.</summary>
    public async Task<bool?> RequiresSecondFactorAsync(string domain)
        => (bool?)await AskAsync(_gateway.Configuration["ConnectionStrings:Postgres"]!, "select required from second_factor_rule where domain = $1", domain);

    private static async Task<object?> AskAsync(string database, string sql, string value)
    {
        await using var source = NpgsqlDataSource.Create(database);
        await using var command = source.CreateCommand(sql);
        command.Parameters.Add(new() { Value = value });
        return await command.ExecuteScalarAsync();
    }

    /// <summary>A mail node reports that it obeys everything (NOD-5), but nothing newer of some accounts, named by their ids.</summary>
    public async Task ReportNodeAsync(params string[] behind)
    {
        const long everything = 1_000_000_000;
        foreach (var (service, address) in Services.Where(s => s.Key != "feed"))
        {
            var report = new { applied = new Dictionary<string, long> { [service] = everything }, listed = true, pending = behind.ToDictionary(a => a, _ => 0L) };
            await AsNodeAsync(HttpMethod.Put, new Uri(new Uri(address), $"/internal/nodes/{Node}"), report);
        }
    }

    /// <summary>Asks a service as the mail node.</summary>
    public async Task<string> AsNodeAsync(HttpMethod method, Uri address, object? body = null)
    {
        using var request = new HttpRequestMessage(method, address) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _keys.NodeBearer(Node));
        using var answer = await Client.Http.SendAsync(request);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>The operator's session.</summary>
    public Task<string> OperatorAsync() => Client.SignInAsync("operator", OperatorPassword);

    /// <summary>A new domain with an administrator and two users.</summary>
    public async Task<Tenant> TenantAsync(string? name = null)
    {
        var boss = await OperatorAsync();
        var domain = name ?? $"d{Guid.NewGuid():N}.example.jp";
        var admin = $"a{Guid.NewGuid():N}"[..20];
        await Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/v1/domains", boss, new { name = domain, maxAccounts = 50, maxCapacityMb = 5000, defaultCapacityMb = 10 });
        await Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{domain}/administrators", boss, new { login = admin, password = Password });
        foreach (var user in new[] { "taro", "hanako" })
            await Client.MustAsync(HttpStatusCode.Created, HttpMethod.Post, $"/api/v1/domains/{domain}/accounts", boss, new { name = user, password = Password });
        return new Tenant(domain, admin, $"taro@{domain}", $"hanako@{domain}");
    }
}

/// <summary>A domain and who is in it.</summary>
public sealed record Tenant(string Domain, string Admin, string User, string OtherUser);
