using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

[assembly: AssemblyFixture(typeof(Hikyaku.Feed.Tests.Integration.FeedFixture))]

namespace Hikyaku.Feed.Tests.Integration;

/// <summary>The feed that most tests share, each with domains of its own.</summary>
public sealed class FeedFixture : IAsyncLifetime
{
    public FeedService Feed { get; private set; } = null!;

    public async ValueTask InitializeAsync()
        => Feed = await FeedService.StartAsync(await PostgresServer.NewDatabaseAsync(), await RabbitServer.NewVirtualHostAsync());

    public ValueTask DisposeAsync() => Feed.DisposeAsync();
}

/// <summary>The real feed on a real database and broker, and what tells it events as a service would.</summary>
public sealed class FeedService : IAsyncDisposable
{
    private readonly InternalKeys _keys = InternalKeys.Create();
    private readonly IBusControl _bus;
    private WebApplication _app = null!;

    private FeedService(string database, string bus)
    {
        (Database, Rabbit) = (database, bus);
        var address = new Uri(bus);
        var login = address.UserInfo.Split(':');
        _bus = MassTransit.Bus.Factory.CreateUsingRabbitMq(rabbit =>
        {
            rabbit.Host(address.Host, (ushort)address.Port, address.AbsolutePath.TrimStart('/'), host => { host.Username(login[0]); host.Password(login[1]); });
            rabbit.ReceiveEndpoint("erasures", e => e.Handler<Accounts.Contracts.AccountErased>(context =>
            {
                lock (Erased) Erased.Add(context.Message);
                return Task.CompletedTask;
            }));
        });
    }

    public string Database { get; }

    public string Rabbit { get; }

    public HttpClient Http { get; private set; } = null!;

    public Followers Followers => _app.Services.GetRequiredService<Followers>();

    public FeedLog Log => _app.Services.GetRequiredService<FeedLog>();

    public ILoggerFactory Logging => _app.Services.GetRequiredService<ILoggerFactory>();

    public List<Accounts.Contracts.AccountErased> Erased { get; } = [];

    public Uri Address => new(_app.Urls.First());

    public static async Task<FeedService> StartAsync(string database, string bus, params string[] settings)
    {
        var feed = new FeedService(database, bus);
        await feed._bus.StartAsync(TimeSpan.FromSeconds(30));
        await feed.StartAppAsync(settings);
        return feed;
    }

    public async Task StartAppAsync(params string[] settings)
    {
        _app = Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={Database}", $"--Hikyaku:Rabbit={Rabbit}",
            "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks=None", .. _keys.ForService(), .. settings,
        ]);
        await _app.StartAsync();
        Http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = 2000, ResponseDrainTimeout = TimeSpan.Zero }) { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
        await Eventually.Async(async () => (await Http.GetAsync(new Uri("/health/ready", UriKind.Relative))).StatusCode == HttpStatusCode.OK, TimeSpan.FromSeconds(60));
    }

    public async Task StopAppAsync()
    {
        Http.Dispose();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAppAsync();
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _bus.StopAsync(limit.Token);
        _keys.Dispose();
    }

    /// <summary>Its keys as settings, for another process of the same feed.</summary>
    public string[] Keys => _keys.ForService();

    /// <summary>Another process of the same feed.</summary>
    public GuardedProcess NewProcess(params string[] settings) => new(
        Directory.CreateTempSubdirectory("hikyaku-test-feed-").FullName, "root", "KILL", new Dictionary<string, string>(),
        ["dotnet", Path.Combine(AppContext.BaseDirectory, "Feed.dll"), "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={Database}", $"--Hikyaku:Rabbit={Rabbit}",
         .. Keys, .. settings]);

    /// <summary>Publishes contracts one after the other, as a service does.</summary>
    public async Task PublishAsync(params IEnumerable<object> contracts)
    {
        foreach (var contract in contracts) await _bus.Publish(contract, contract.GetType(), new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);
    }

    /// <summary>Publishes, and waits until all of it is recorded and told to those who follow.</summary>
    public async Task RecordAsync(params IReadOnlyList<object> contracts)
    {
        await PublishAsync(contracts);
        await RecordedAsync(contracts);
        var newest = await Log.NewestAsync(CancellationToken.None);
        await Eventually.Async(() => _app.Services.GetRequiredService<FeedTail>().Newest >= newest);
    }

    /// <summary>Waits until contracts are recorded.</summary>
    public Task RecordedAsync(IReadOnlyList<object> contracts, TimeSpan? within = null)
        => Eventually.Async(() => CountAsync(contracts), n => n == contracts.Count, within);

    public async Task<long> CountAsync(IEnumerable<object> contracts)
    {
        await using var source = NpgsqlDataSource.Create(Database);
        await using var command = source.CreateCommand("select count(*) from recorded_event where event_id = any($1)");
        command.Parameters.Add(new() { Value = contracts.Select(c => NewEvent.Of(c, null).Id).ToArray() });
        return (long)(await command.ExecuteScalarAsync())!;
    }

    public string OperatorToken => Token(Roles.Operator, "operator");

    public string Token(string role, string login, params string[] domains) => TokenOf(new Caller(role, login, "0", domains, "192.0.2.1", "api"));

    public string TokenOf(Caller caller) => _keys.Token(caller);

    /// <summary>Asks; the answer's head is read, its body is not.</summary>
    public async Task<HttpResponseMessage> GetAsync(string query, string? token, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events" + query);
        if (token is not null) request.Headers.Authorization = new("Bearer", token);
        if (lastEventId is not null) request.Headers.TryAddWithoutValidation("Last-Event-ID", lastEventId);
        return await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    /// <summary>Follows.</summary>
    public async Task<Following> FollowAsync(string query, string? token = null, string? lastEventId = null)
    {
        var answer = await GetAsync(query, token ?? OperatorToken, lastEventId);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType!.MediaType);
        return await Following.BeginAsync(answer);
    }
}

/// <summary>One open stream.</summary>
public sealed class Following : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly HttpResponseMessage _answer;
    private readonly SseParser<string> _parser;
    private readonly IAsyncEnumerator<SseItem<string>> _items;

    private Following(HttpResponseMessage answer, Stream stream)
    {
        _answer = answer;
        _parser = SseParser.Create(stream);
        _items = _parser.EnumerateAsync().GetAsyncEnumerator();
    }

    /// <summary>From where a client would resume.</summary>
    public string LastEventId => _parser.LastEventId;

    public static async Task<Following> BeginAsync(HttpResponseMessage answer) => new(answer, await answer.Content.ReadAsStreamAsync());

    public async Task<JsonNode> NextAsync()
    {
        Assert.True(await _items.MoveNextAsync().AsTask().WaitAsync(Limit), "The stream has ended");
        var e = JsonNode.Parse(_items.Current.Data)!;
        Assert.Equal(_parser.LastEventId, e["position"]!.GetValue<string>());
        return e;
    }

    public async Task<List<JsonNode>> TakeAsync(int count)
    {
        var events = new List<JsonNode>();
        while (events.Count < count) events.Add(await NextAsync());
        return events;
    }

    /// <summary>Waits until the server ends it; answers what came before.</summary>
    public async Task<List<JsonNode>> UntilEndAsync()
    {
        var events = new List<JsonNode>();
        while (await _items.MoveNextAsync().AsTask().WaitAsync(Limit)) events.Add(JsonNode.Parse(_items.Current.Data)!);
        return events;
    }

    public ValueTask DisposeAsync()
    {
        _answer.Dispose(); // ends a read that waits, too
        return ValueTask.CompletedTask;
    }
}
