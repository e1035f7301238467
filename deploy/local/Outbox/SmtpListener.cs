using System.Net;
using System.Net.Sockets;

namespace Hikyaku.Outbox;

/// <summary>
/// Accepts SMTP connections on the loopback address. At most <see cref="MaximumConnections"/> are served at once,
/// further ones wait.
/// </summary>
public sealed partial class SmtpListener(int port, CapturedMessages messages, TimeProvider clock, ILogger<SmtpListener> log) : BackgroundService
{
    /// <summary>How many connections are served at once.</summary>
    public const int MaximumConnections = 500;

    private readonly TcpListener _listener = new(IPAddress.Loopback, port);
    private readonly SemaphoreSlim _places = new(MaximumConnections);

    /// <summary>Listens before the program counts as started, so that its readiness covers SMTP.</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return base.StartAsync(cancellationToken);
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _places.WaitAsync(stoppingToken);
            var client = await _listener.AcceptTcpClientAsync(stoppingToken);
            _ = ServeAsync(client, stoppingToken);
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            using (client)
            {
                client.NoDelay = true;
                await new SmtpSession(client.GetStream(), messages, clock).RunAsync(stop);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            ConnectionEnded(e.Message);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        _listener.Dispose();
        _places.Dispose();
        base.Dispose();
    }

    [LoggerMessage(1, LogLevel.Debug, "An SMTP connection ended: {Reason}")]
    private partial void ConnectionEnded(string reason);
}
