using System.Globalization;
using System.Net.Sockets;

namespace Hikyaku.Platform.Testing;

/// <summary>A RabbitMQ of this machine's programs, with a port mapper of its own (epmd), apart from the system's.</summary>
internal sealed class PrivateRabbit(string user, string password) : PrivateServer("rabbitmq", "KILL", ports: 4)
{
    private const string Library = "/usr/lib/rabbitmq/lib";
    private readonly string _mapperHome = Directory.CreateTempSubdirectory("hikyaku-test-").FullName;
    private GuardedProcess? _mapper;

    public override int ManagementPort => Ports[1];

    private static string Number(int port) => port.ToString(CultureInfo.InvariantCulture);

    protected override IReadOnlyDictionary<string, string> Variables => new Dictionary<string, string>
    {
        ["HOME"] = Home,
        ["RABBITMQ_NODENAME"] = $"hikyaku{Port}@localhost",
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(Home, "rabbitmq.conf"),
        ["RABBITMQ_CONF_ENV_FILE"] = Path.Combine(Home, "rabbitmq-env.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(Home, "enabled_plugins"),
        ["RABBITMQ_BASE"] = Home,
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(Home, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(Home, "log"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(Home, "rabbitmq.pid"),
        ["RABBITMQ_DIST_PORT"] = Number(Ports[2]),
        ["ERL_EPMD_PORT"] = Number(Ports[3]),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        // Schedulers that spin when idle would take the machine from the tests.
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-noinput +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
        // The script then becomes the server, so that a signal meets the server.
        ["RABBITMQ_ALLOW_INPUT"] = "1",
    };

    // Not Debian's wrapper in /usr/sbin, which would change to the system's own settings.
    protected override IEnumerable<string> Command =>
        [Directory.GetDirectories(Library, "rabbitmq_server-*").Order(StringComparer.Ordinal).Last() + "/sbin/rabbitmq-server"];

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        if (_mapper is not null) await _mapper.DisposeAsync();
    }

    protected override async Task PrepareAsync()
    {
        await File.WriteAllTextAsync(Path.Combine(Home, "rabbitmq-env.conf"), "");
        await File.WriteAllTextAsync(Path.Combine(Home, "enabled_plugins"), "[rabbitmq_management].");
        await File.WriteAllTextAsync(Path.Combine(Home, "rabbitmq.conf"), $"""
            listeners.tcp.1 = 127.0.0.1:{Port}
            management.tcp.ip = 127.0.0.1
            management.tcp.port = {ManagementPort}
            default_user = {user}
            default_pass = {password}
            log.console = true
            log.console.level = warning
            log.file = false
            vm_memory_high_watermark.absolute = 1GB
            disk_free_limit.absolute = 50MB
            """ + "\n");
        await HandOverAsync();
        await GuardedProcess.RunAsync("root", "chmod", "777", _mapperHome);
        _mapper = new GuardedProcess(_mapperHome, "rabbitmq", "KILL", new Dictionary<string, string>(), ["epmd", "-port", Number(Ports[3]), "-address", "127.0.0.1"]);
    }

    protected override async Task<bool> AnswersAsync()
    {
        try
        {
            using var amqp = new TcpClient();
            await amqp.ConnectAsync("127.0.0.1", Port);
            using var management = new RabbitManagement(ManagementPort, user, password);
            return await management.AnswersAsync();
        }
        catch (Exception e) when (e is SocketException or HttpRequestException)
        {
            return false; // not yet
        }
    }
}
