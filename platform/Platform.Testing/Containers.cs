using DotNet.Testcontainers.Containers;
using Testcontainers.PostgreSql;
using Testcontainers.RabbitMq;

namespace Hikyaku.Platform.Testing;

/// <summary>A server in a container, on ports that stay when it is stopped and started again.</summary>
internal abstract class ServerContainer(int port, int managementPort) : IServer
{
    public int Port => port;

    public int ManagementPort => managementPort;

    protected abstract DockerContainer Container { get; }

    public Task StartAsync() => Container.StartAsync();

    public Task StopAsync() => Container.StopAsync();

    public virtual Task ShutDownAsync() => StopAsync();

    public ValueTask DisposeAsync() => Container.DisposeAsync();

    /// <summary>The image, or what the environment names in its place (a machine without a registry).</summary>
    protected static string Image(string variable, string usual)
        => Environment.GetEnvironmentVariable(variable) is { Length: > 0 } other ? other : usual;
}

/// <summary>PostgreSQL from <c>HIKYAKU_TEST_POSTGRES_IMAGE</c> or the usual image.</summary>
internal sealed class PostgresContainer : ServerContainer
{
    public PostgresContainer(string superuser, string password) : this(superuser, password, ReservedPorts.Free(1)[0]) { }

    private PostgresContainer(string superuser, string password, int port) : base(port, 0)
        => Container = new PostgreSqlBuilder(Image("HIKYAKU_TEST_POSTGRES_IMAGE", "postgres:17-alpine"))
            .WithUsername(superuser).WithPassword(password).WithDatabase("postgres")
            .WithPortBinding(port, PostgreSqlBuilder.PostgreSqlPort)
            .WithCommand("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=300")
            .WithCreateParameterModifier(p => p.StopTimeout = TimeSpan.Zero)
            .Build();

    protected override DockerContainer Container { get; }
}

/// <summary>RabbitMQ from <c>HIKYAKU_TEST_RABBIT_IMAGE</c> or the usual image, with its management API.</summary>
internal sealed class RabbitContainer : ServerContainer
{
    private const int Management = 15672;

    public RabbitContainer(string user, string password) : this(user, password, ReservedPorts.Free(2)) { }

    private RabbitContainer(string user, string password, int[] ports) : base(ports[0], ports[1])
        => Container = new RabbitMqBuilder(Image("HIKYAKU_TEST_RABBIT_IMAGE", "rabbitmq:3.13-management-alpine"))
            .WithUsername(user).WithPassword(password).WithHostname("rabbit")
            .WithPortBinding(ports[0], RabbitMqBuilder.RabbitMqPort).WithPortBinding(ports[1], Management)
            .WithCreateParameterModifier(p => p.StopTimeout = TimeSpan.Zero)
            .Build();

    public override async Task ShutDownAsync()
    {
        await Container.ExecAsync(["rabbitmqctl", "stop_app"]);
        await StopAsync();
    }

    protected override DockerContainer Container { get; }
}
