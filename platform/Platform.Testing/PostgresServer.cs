using Npgsql;

namespace Hikyaku.Platform.Testing;

/// <summary>
/// A PostgreSQL for tests. One is shared by all tests of the process, each with databases of its own; a test that stops
/// its server starts a dedicated one. It ends, and its data go, with the test process.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Superuser = "postgres";
    private static readonly Lazy<Task<PostgresServer>> Shared = new(StartDedicatedAsync);
    private readonly IServer _server;
    private readonly string _password;

    private PostgresServer(IServer server, string password) => (_server, _password) = (server, password);

    /// <summary>The superuser's connection string, not pooled, for what a service's role may not do.</summary>
    public string SuperuserConnectionString => $"Host=127.0.0.1;Port={_server.Port};Database=postgres;Username={Superuser};Password={_password};Pooling=false";

    /// <summary>Makes an empty database on the shared server; answers the connection string of its owner, who is no superuser.</summary>
    public static async Task<string> NewDatabaseAsync() => await (await Shared.Value).AddDatabaseAsync();

    /// <summary>The server that <see cref="NewDatabaseAsync"/> uses; not to be stopped.</summary>
    public static Task<PostgresServer> SharedAsync() => Shared.Value;

    /// <summary>Starts a server for one test, to be stopped and started again.</summary>
    public static async Task<PostgresServer> StartDedicatedAsync()
    {
        var password = Guid.NewGuid().ToString("N");
        var server = new PostgresServer(await Servers.NewPostgresAsync(Superuser, password), password);
        await server._server.StartAsync();
        return server;
    }

    /// <summary>Makes an empty database on this server; answers the connection string of its owner, who is no superuser.</summary>
    public async Task<string> AddDatabaseAsync()
    {
        var (name, password) = ($"test_{Guid.NewGuid():N}", Guid.NewGuid().ToString("N"));
        await using var connection = new NpgsqlConnection(SuperuserConnectionString);
        await connection.OpenAsync();
        foreach (var sql in new[] { $"create role {name} login password '{password}'", $"create database {name} owner {name}" })
        {
#pragma warning disable CA2100 // both are made above
            await using var command = new NpgsqlCommand(sql, connection);
#pragma warning restore CA2100
            await command.ExecuteNonQueryAsync();
        }

        return $"Host=127.0.0.1;Port={_server.Port};Database={name};Username={name};Password={password};Maximum Pool Size=30";
    }

    /// <summary>Ends it at once, as a crash would; clients see their connections break.</summary>
    public Task StopAsync() => _server.StopAsync();

    /// <summary>Starts it again on the same port with the same data.</summary>
    public Task StartAgainAsync() => _server.StartAsync();

    /// <summary>Ends it and removes its data.</summary>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
