using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Platform.Testing;

/// <summary>One server that tests work with, wherever it comes from.</summary>
internal interface IServer : IAsyncDisposable
{
    /// <summary>The port on 127.0.0.1; the same for as long as this exists.</summary>
    int Port { get; }

    /// <summary>The port of RabbitMQ's management API on 127.0.0.1; 0 for others.</summary>
    int ManagementPort { get; }

    /// <summary>Starts it, or starts it again; the data of before is there.</summary>
    Task StartAsync();

    /// <summary>Ends it at once, as a failing machine would.</summary>
    Task StopAsync();

    /// <summary>Lets it end by itself and keeps its data.</summary>
    Task ShutDownAsync();
}

/// <summary>
/// Decides where the tests' servers come from: containers where a Docker-compatible engine answers, otherwise private
/// instances of this machine's (Debian's) programs. Both end with the test process.
/// </summary>
internal static class Servers
{
    private static readonly TimeSpan AnswersWithin = TimeSpan.FromSeconds(2);
    private static readonly Lazy<Task<bool>> Engine = new(EngineAnswersAsync);

    /// <summary>A PostgreSQL that has not been started.</summary>
    public static async Task<IServer> NewPostgresAsync(string superuser, string password)
        => await Engine.Value ? new PostgresContainer(superuser, password) : new PrivatePostgres(superuser, password);

    /// <summary>A RabbitMQ with its management API that has not been started.</summary>
    public static async Task<IServer> NewRabbitAsync(string user, string password)
        => await Engine.Value ? new RabbitContainer(user, password) : new PrivateRabbit(user, password);

    private static async Task<bool> EngineAnswersAsync()
    {
        var host = Environment.GetEnvironmentVariable("DOCKER_HOST") is { Length: > 0 } set ? set : "unix:///var/run/docker.sock";
        var uri = new Uri(host);
        if (uri.Scheme == "unix" && !File.Exists(uri.AbsolutePath)) return false;
        using var handler = new SocketsHttpHandler { ConnectCallback = (_, stop) => ConnectAsync(uri, stop) };
        using var client = new HttpClient(handler) { BaseAddress = new Uri("http://engine"), Timeout = AnswersWithin };
        try
        {
            using var answer = await client.GetAsync(new Uri("/_ping", UriKind.Relative));
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false; // a socket that nobody answers at
        }
    }

    private static async ValueTask<Stream> ConnectAsync(Uri uri, CancellationToken stop)
    {
        var unix = uri.Scheme == "unix";
        var socket = unix ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) : new Socket(SocketType.Stream, ProtocolType.Tcp);
        EndPoint end = unix ? new UnixDomainSocketEndPoint(uri.AbsolutePath) : new DnsEndPoint(uri.Host, uri.Port);
        await socket.ConnectAsync(end, stop);
        return new NetworkStream(socket, ownsSocket: true);
    }
}
