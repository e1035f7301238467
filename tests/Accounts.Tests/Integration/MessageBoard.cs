using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Hikyaku.Platform;
using Hikyaku.Platform.Testing;
using Microsoft.AspNetCore.Builder;
using Npgsql;

namespace Hikyaku.Accounts.Tests.Integration;

/// <summary>The real feed beside an accounts service, for the message board that stands there.</summary>
public sealed class MessageBoard : IAsyncDisposable
{
    private readonly AccountsService _accounts;
    private readonly WebApplication _feed;

    private MessageBoard(AccountsService accounts, WebApplication feed, string database)
    {
        (_accounts, _feed, Database) = (accounts, feed, database);
        Http = new HttpClient { BaseAddress = new Uri(feed.Urls.First()) };
    }

    public string Database { get; }

    private HttpClient Http { get; }

    public static async Task<MessageBoard> StartAsync(AccountsService accounts, string? database = null)
    {
        database ??= await PostgresServer.NewDatabaseAsync();
        var feed = Feed.Program.Build(
        [
            "--urls", "http://127.0.0.1:0", $"--ConnectionStrings:Postgres={database}", $"--Hikyaku:Rabbit={accounts.VirtualHost}",
            "--Logging:LogLevel:Default=Warning", "--Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks=None", .. accounts.Keys.ForService(),
        ]);
        await feed.StartAsync();
        var board = new MessageBoard(accounts, feed, database);
        await Eventually.Async(async () => (await board.Http.GetAsync(new Uri("/health/ready", UriKind.Relative))).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
        return board;
    }

    public async Task<Reply> SendAsync(HttpMethod method, string path, object? body, Caller caller, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", _accounts.Keys.Token(caller));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await Reply.ReadAsync(await Http.SendAsync(request));
    }

    public async Task<JsonNode> ReadAsync(Caller caller, string query = "")
    {
        var reply = await SendAsync(HttpMethod.Get, $"/api/v1/notices{query}", null, caller);
        Assert.True(reply.Status == HttpStatusCode.OK, reply.Text);
        return reply.Body!;
    }

    /// <summary>Waits for what somebody sees.</summary>
    public Task<JsonNode> ReadAsync(Caller caller, string query, Func<JsonNode, bool> wanted) => Eventually.Async(() => ReadAsync(caller, query), wanted);

    public async Task<object?> ScalarAsync(string sql, params (string Name, object Value)[] parameters)
    {
        await using var source = NpgsqlDataSource.Create(Database);
        await using var command = source.CreateCommand(sql);
        foreach (var (name, value) in parameters) command.Parameters.AddWithValue(name, value);
        return await command.ExecuteScalarAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _feed.StopAsync();
        await _feed.DisposeAsync();
    }
}

/// <summary>The message board beside the accounts service that all tests share.</summary>
public sealed class SharedMessageBoard(AccountsService accounts) : IAsyncLifetime
{
    public MessageBoard Board { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Board = await MessageBoard.StartAsync(accounts);

    public ValueTask DisposeAsync() => Board.DisposeAsync();
}

/// <summary>An accounts service of a test class's own, with a mail node and a message board.</summary>
public sealed class AccountsWithABoard : IAsyncLifetime
{
    public AccountsWithANode Node { get; } = new();

    public MessageBoard Board { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        await Node.InitializeAsync();
        Board = await MessageBoard.StartAsync(Node.Accounts);
    }

    public async ValueTask DisposeAsync()
    {
        await Board.DisposeAsync();
        await Node.DisposeAsync();
    }
}
