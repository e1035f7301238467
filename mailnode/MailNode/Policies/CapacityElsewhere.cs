using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hikyaku.MailNode;

/// <summary>
/// Answers Postfix whether a mailbox of another node has space (SMTPD_POLICY_README, one request after the other on a
/// connection), by asking the quota-status of that node's Dovecot. A node that does not answer holds nothing up: the mail is
/// taken, waits in the queue, and is judged when it is handed over. For mailboxes of this node Postfix asks its own Dovecot.
/// </summary>
public sealed partial class CapacityElsewhere(NodeSettings settings, Replica replica, ILogger<CapacityElsewhere> logger) : BackgroundService
{
    private const int AtOnce = 400; // more than Postfix has smtpd processes
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2); // Postfix waits three

    private readonly SemaphoreSlim _places = new(AtOnce);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _places.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (settings.CapacityPort is not { } port) return;
        using var listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        while (!stoppingToken.IsCancellationRequested)
        {
            await _places.WaitAsync(stoppingToken);
            _ = ServeAsync(await listener.AcceptTcpClientAsync(stoppingToken), stoppingToken);
        }
    }

    private async Task ServeAsync(TcpClient client, CancellationToken stop)
    {
        try
        {
            using (client)
            using (var reader = new StreamReader(client.GetStream(), Encoding.Latin1))
            {
                while (await PolicyService.ReadAsync(reader, stop) is { } request)
                {
                    var action = await ActionAsync(request, stop);
                    await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes($"action={action}\n\n"), stop);
                }
            }
        }
        catch (Exception e) when (e is IOException or InvalidOperationException or OperationCanceledException)
        {
            // Postfix closed the connection, or the agent stops
        }
        finally
        {
            _places.Release();
        }
    }

    private async Task<string> ActionAsync(List<string> request, CancellationToken stop)
    {
        const string key = "recipient=";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            if (request.Find(l => l.StartsWith(key, StringComparison.Ordinal)) is not { } recipient) return PolicyService.Unknown;
            if (await HomeAsync(PlusAddress.Without(recipient[key.Length..].ToLowerInvariant()), limit.Token) is not { } home) return PolicyService.Unknown;
            return await PolicyService.AskAsync(home.Host, home.Port, request, limit.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or Microsoft.Data.Sqlite.SqliteException || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            LogNotAsked(e);
            return PolicyService.Unknown;
        }
    }

    private async Task<Home?> HomeAsync(string address, CancellationToken stop) => await replica.WriteAsync(
        r => r.All("SELECT host, quota_port FROM placed WHERE address = $1 AND host IS NOT NULL AND quota_port > 0", row => new Home(row.GetString(0), row.GetInt32(1)), address),
        stop) is [var home] ? home : null;

    private sealed record Home(string Host, int Port);

    [LoggerMessage(1, LogLevel.Information, "The space of a mailbox on another node is not known; its mail is taken")]
    private partial void LogNotAsked(Exception e);
}
