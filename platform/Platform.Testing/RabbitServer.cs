namespace Hikyaku.Platform.Testing;

/// <summary>
/// A RabbitMQ for tests. One is shared by all tests of the process, each with virtual hosts of its own; a test that stops
/// its server starts a dedicated one. It ends, and its data go, with the test process.
/// </summary>
public sealed class RabbitServer : IAsyncDisposable
{
    private const string User = "tests";
    private static readonly Lazy<Task<RabbitServer>> Shared = new(StartDedicatedAsync);
    private readonly IServer _server;
    private readonly string _password;

    private RabbitServer(IServer server, string password) => (_server, _password) = (server, password);

    /// <summary>Makes a virtual host on the shared server; answers its amqp URI, whose user may do everything in it.</summary>
    public static async Task<string> NewVirtualHostAsync() => await (await Shared.Value).AddVirtualHostAsync();

    /// <summary>The server that <see cref="NewVirtualHostAsync"/> uses; not to be stopped.</summary>
    public static Task<RabbitServer> SharedAsync() => Shared.Value;

    /// <summary>Starts a server for one test, to be stopped and started again.</summary>
    public static async Task<RabbitServer> StartDedicatedAsync()
    {
        var password = Guid.NewGuid().ToString("N");
        var server = new RabbitServer(await Servers.NewRabbitAsync(User, password), password);
        await server._server.StartAsync();
        return server;
    }

    /// <summary>Makes a virtual host on this server; answers its amqp URI, whose user may do everything in it.</summary>
    /// <param name="traced">Whether a copy of every message goes to its exchange <c>amq.rabbitmq.trace</c>.</param>
    public async Task<string> AddVirtualHostAsync(bool traced = false)
    {
        var name = $"test-{Guid.NewGuid():N}";
        using var management = Management();
        await management.AddVirtualHostAsync(name, traced);
        return $"amqp://{User}:{_password}@127.0.0.1:{_server.Port}/{name}";
    }

    /// <summary>Makes a user with limited rights in a virtual host; answers the amqp URI of that user.</summary>
    /// <param name="virtualHost">As <see cref="AddVirtualHostAsync"/> answered it.</param>
    /// <param name="rights">What it may configure, write and read: an expression that names are matched with.</param>
    public async Task<string> AddUserAsync(string virtualHost, string rights)
    {
        var (name, password) = ($"user-{Guid.NewGuid():N}", Guid.NewGuid().ToString("N"));
        var address = new Uri(virtualHost);
        using var management = Management();
        await management.AddUserAsync(address.AbsolutePath.TrimStart('/'), name, password, rights);
        return $"amqp://{name}:{password}@{address.Authority}{address.AbsolutePath}";
    }

    /// <summary>Name and number of waiting messages of each queue in a virtual host; numbers are up to five seconds old.</summary>
    /// <param name="virtualHost">As <see cref="AddVirtualHostAsync"/> answered it.</param>
    public async Task<IReadOnlyDictionary<string, long>> QueuesAsync(string virtualHost)
    {
        using var management = Management();
        return await management.QueuesAsync(new Uri(virtualHost).AbsolutePath.TrimStart('/'), "messages");
    }

    /// <summary>Name and number of consumers of each queue in a virtual host; numbers are up to five seconds old.</summary>
    /// <param name="virtualHost">As <see cref="AddVirtualHostAsync"/> answered it.</param>
    public async Task<IReadOnlyDictionary<string, long>> ConsumersAsync(string virtualHost)
    {
        using var management = Management();
        return await management.QueuesAsync(new Uri(virtualHost).AbsolutePath.TrimStart('/'), "consumers");
    }

    /// <summary>Removes a queue with what waits in it, as an operator's mistake would.</summary>
    /// <param name="virtualHost">As <see cref="AddVirtualHostAsync"/> answered it.</param>
    /// <param name="queue">The queue's name.</param>
    public async Task DeleteQueueAsync(string virtualHost, string queue)
    {
        using var management = Management();
        await management.DeleteQueueAsync(new Uri(virtualHost).AbsolutePath.TrimStart('/'), queue);
    }

    /// <summary>Ends it at once, as a crash would; clients see their connections break.</summary>
    public Task StopAsync() => _server.StopAsync();

    /// <summary>
    /// Lets it end by itself, as an operator would. RabbitMQ 3.10 that is killed within seconds of the declaration of a quorum
    /// queue does not find that queue again.
    /// </summary>
    public Task ShutDownAsync() => _server.ShutDownAsync();

    /// <summary>Starts it again on the same port with the same data.</summary>
    public Task StartAgainAsync() => _server.StartAsync();

    /// <summary>Ends it and removes its data.</summary>
    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private RabbitManagement Management() => new(_server.ManagementPort, User, _password);
}
