using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Hikyaku.Platform;

namespace Hikyaku.MailNode;

/// <summary>
/// Counts logins by account, protocol and TLS (rule NOD-1), as Dovecot's login policy reports them
/// (<c>POST /auth-policy?command=report</c>, https://doc.dovecot.org/2.3/configuration_manual/authentication/auth_policy/).
/// Dovecot waits for nothing and refuses nothing here.
/// </summary>
public sealed partial class Logins(NodeSettings settings, Replica replica, TimeProvider time, ILogger<Logins> logger) : BackgroundService
{
    private const int Kept = 100_000;
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Life = TimeSpan.FromDays(40);
    private static readonly Counter<long> Counted = Telemetry.Meter.CreateCounter<long>("hikyaku.node.logins", "{login}", "Logins by protocol, TLS and success");

    private static IResult Fine => Results.Json(new { status = 0, msg = "" });

    private ConcurrentDictionary<Key, (long Succeeded, long Failed)> _counts = new();

    /// <summary>What Dovecot reports of a finished login.</summary>
    /// <param name="Login">The name as it was given.</param>
    /// <param name="Protocol">imap, pop3 or smtp.</param>
    /// <param name="Secured">Not empty when Postfix says that the connection has TLS; of others it also means "from this machine".</param>
    /// <param name="Success">Whether the password was right.</param>
    /// <param name="Tls">Whether Dovecot's own login process has TLS.</param>
    /// <param name="Via">The node that hands or has handed the login on, which is the one that counts it; empty when none does.</param>
    public sealed record Report(string? Login, string? Protocol, string? Secured, bool Success, bool Tls, string? Via = null);

    /// <summary>Counts one.</summary>
    public IResult Receive(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (!string.IsNullOrEmpty(report.Via) && report.Via != settings.Node) return Fine;
        var protocol = report.Protocol is "imap" or "pop3" or "smtp" ? report.Protocol : "other";
        var tls = report.Tls || (protocol == "smtp" && !string.IsNullOrEmpty(report.Secured));
        Counted.Add(1, new("protocol", protocol), new("tls", tls), new("success", report.Success));
        var counts = _counts;
        if (report.Login is { Length: > 0 and <= 320 } login && counts.Count < Kept)
        {
            var day = time.GetUtcNow().ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
            counts.AddOrUpdate(
                new(day, login.ToLowerInvariant(), protocol, tls),
                _ => report.Success ? (1, 0) : (0, 1),
                (_, have) => report.Success ? (have.Succeeded + 1, have.Failed) : (have.Succeeded, have.Failed + 1));
        }

        return Fine;
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (_counts.IsEmpty) continue;
            var counts = Interlocked.Exchange(ref _counts, new());
            try
            {
                await replica.WriteAsync(r => Write(r, counts), stoppingToken);
            }
            catch (Microsoft.Data.Sqlite.SqliteException e)
            {
                LogLost(e, counts.Count);
            }
        }
    }

    private bool Write(Microsoft.Data.Sqlite.SqliteConnection r, IEnumerable<KeyValuePair<Key, (long Succeeded, long Failed)>> counts)
    {
        foreach (var (key, (succeeded, failed)) in counts)
        {
            // Of logins that are nobody's only the metric counts.
            r.Run("""
                INSERT INTO login_count SELECT $1, account_id, $3, $4, $5, $6 FROM holder WHERE address = $2 OR unicode_address = $2
                ON CONFLICT DO UPDATE SET succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed
                """, key.Day, key.Login, key.Protocol, key.Tls ? 1 : 0, succeeded, failed);
        }

        var last = (time.GetUtcNow() - Life).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);
        r.Run("DELETE FROM login_count WHERE day < $1", last);
        return true;
    }

    private sealed record Key(string Day, string Login, string Protocol, bool Tls);

    [LoggerMessage(1, LogLevel.Warning, "{Count} counts of logins are lost")]
    private partial void LogLost(Exception e, int count);
}
