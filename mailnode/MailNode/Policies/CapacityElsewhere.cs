using System.Net.Sockets;

namespace Hikyaku.MailNode;

/// <summary>
/// Answers Postfix whether a mailbox of another node has space (SMTPD_POLICY_README, one request after the other on a
/// connection), by asking the quota-status of that node's Dovecot. A node that does not answer holds nothing up: the mail is
/// taken, waits in the queue, and is judged when it is handed over. For mailboxes of this node Postfix asks its own Dovecot.
/// </summary>
public sealed partial class CapacityElsewhere(NodeSettings settings, Replica replica, ILogger<CapacityElsewhere> logger) : BackgroundService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2); // Postfix waits three

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
        => settings.CapacityPort is { } port ? PolicyService.ServeAsync(port, ActionAsync, stoppingToken) : Task.CompletedTask;

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
