using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Hears of logins as Dovecot's login policy reports them
/// (<c>POST /auth-policy?command=report</c>, https://doc.dovecot.org/2.3/configuration_manual/authentication/auth_policy/):
/// counts them by account, protocol and TLS (rule NOD-1), and tells the services of each (RST-2). Dovecot waits for nothing
/// and refuses nothing here. Logins of some moments are written together, with what is to be told of them.
/// </summary>
public sealed partial class Logins(NodeSettings settings, Replica replica, VerifiedPasswords verified, TimeProvider time, ILogger<Logins> logger) : BackgroundService
{
    private const int Kept = 20_000; // in memory, while nothing can be written
    private const int KeptTogether = 5_000;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LastPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Life = TimeSpan.FromDays(40);
    private static readonly Counter<long> Counted = Telemetry.Meter.CreateCounter<long>("hikyaku.node.logins", "{login}", "Logins by protocol, TLS, success and whether the password was known without hashing");

    private static IResult Fine => Results.Json(new { status = 0, msg = "" });

    private readonly Lock _gate = new();
    private List<LoginObserved> _seen = [];
    private bool _failing;

    /// <summary>What Dovecot reports of a finished login.</summary>
    /// <param name="Login">The name as it was given.</param>
    /// <param name="Protocol">imap, pop3 or smtp.</param>
    /// <param name="Remote">The client's address.</param>
    /// <param name="Secured">Not empty when Postfix says that the connection has TLS; of others it also means "from this machine".</param>
    /// <param name="Success">Whether the password was right.</param>
    /// <param name="Tls">Whether Dovecot's own login process has TLS.</param>
    /// <param name="Known">Not empty when the password was known without hashing (<see cref="VerifiedPasswords"/>).</param>
    /// <param name="Mark">Otherwise, after success: which hash it was checked against.</param>
    /// <param name="Proof">And by what it is known the next time.</param>
    /// <param name="Via">The node that hands or has handed the login on, which is the one that counts it; empty when none does.</param>
    /// <param name="Failure"><c>credentials</c> when the password was wrong or the account unknown (refused.conf); empty otherwise, also when it is not known.</param>
    /// <param name="Digest">Then: a keyed hash of that password, the same at all nodes.</param>
    /// <param name="Restricted">Not empty when the password was right and a restriction refuses the login all the same.</param>
    /// <param name="Client">What the mail program says of itself (<see cref="ImapId"/>).</param>
    public sealed record Report(
        string? Login, string? Protocol, string? Remote, string? Secured, bool Success, bool Tls, string? Known = null, string? Mark = null, string? Proof = null,
        string? Via = null, string? Failure = null, string? Digest = null, string? Restricted = null, string? Client = null);

    /// <summary>Counts one.</summary>
    public IResult Receive(Report report)
    {
        ArgumentNullException.ThrowIfNull(report);
        // The copy worker's secret is not guessed, and its logins are nobody's habit: they are no facts of the account (RST-3, RST-4).
        if (report.Protocol == "imap" && CopyGrantPart.IsCopyLogin(report.Login)) return Fine;
        verified.Note(report); // each node for itself
        if (!string.IsNullOrEmpty(report.Via) && report.Via != settings.Node) return Fine;
        var protocol = report.Protocol is "imap" or "pop3" or "smtp" ? report.Protocol : "other";
        var tls = report.Tls || (protocol == "smtp" && !string.IsNullOrEmpty(report.Secured));
        var failure = FailureOf(report);
        Counted.Add(1, new("protocol", protocol), new("tls", tls), new("success", failure is null), new("known", report.Success && !string.IsNullOrEmpty(report.Known)));
        var login = report.Login is { Length: > 0 and <= 320 } name && !name.Any(char.IsControl) ? LoginName.Read(name) : null;
        var now = time.GetUtcNow();
        Keep([new(
            now, now, 1, null, login, Address(report.Remote), protocol, tls, failure is null,
            failure == LoginFailures.Credentials ? PasswordOf(login, report.Digest) : null, ImapId.ProgramOf(report.Client), failure)]);
        return Fine;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LastPatience);
        await WriteSeenAsync(limit.Token);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await WriteSeenAsync(stoppingToken);
    }

    private async Task WriteSeenAsync(CancellationToken stop)
    {
        List<LoginObserved> seen;
        lock (_gate)
        {
            if (_seen.Count == 0) return;
            (seen, _seen) = (_seen, []);
        }

        try
        {
            await replica.WriteAsync(r => Write(r, seen), stop);
            _failing = false;
        }
        catch (Exception e) when (e is SqliteException or OperationCanceledException)
        {
            Keep(seen);
            if (!_failing && e is SqliteException) LogFailed(e); // once, not five times a second
            _failing = true;
        }
    }

    private void Keep(IReadOnlyList<LoginObserved> logins)
    {
        lock (_gate)
        {
            _seen.AddRange(logins);
            if (_seen.Count > Kept) _seen = LoginSums.Of(_seen, KeptTogether);
        }
    }

    private bool Write(SqliteConnection r, List<LoginObserved> seen)
    {
        var accounts = seen.Select(l => l.Login).OfType<string>().Distinct().ToDictionary(
            l => l, l => r.One<string>("SELECT account_id FROM holder WHERE address = $1 OR unicode_address = $1", l));
        var told = seen.ConvertAll(l => l with { AccountId = l.Login is null ? null : accounts[l.Login] });
        foreach (var some in told.Chunk(FactBound.InOneMessage)) FactOutbox.Add(r, new LoginsObserved(settings.Node, some));

        // Logins with a name that no account has are counted by the metric and told to the services, and not stored here.
        foreach (var alike in told.Where(l => l.AccountId is not null).GroupBy(l => (Day: Day(l.At), l.AccountId, l.Protocol, l.Tls)))
        {
            r.Run("""
                INSERT INTO login_count VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT DO UPDATE SET succeeded = succeeded + excluded.succeeded, failed = failed + excluded.failed
                """, alike.Key.Day, alike.Key.AccountId, alike.Key.Protocol, alike.Key.Tls ? 1 : 0,
                alike.Where(l => l.Success).Sum(l => l.Count), alike.Where(l => !l.Success).Sum(l => l.Count));
        }

        r.Run("DELETE FROM login_count WHERE day < $1", Day(time.GetUtcNow() - Life));
        return true;
    }

    private static string Day(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static string? FailureOf(Report report)
    {
        if (report.Success) return string.IsNullOrEmpty(report.Restricted) ? null : LoginFailures.Restricted;
        return report.Failure == LoginFailures.Credentials ? LoginFailures.Credentials : LoginFailures.Other;
    }

    // Twelve bits: enough to tell some dozen passwords of one login apart, too few to try passwords against. The login is part of it, so
    // that nobody learns who else has typed the same.
    private static string? PasswordOf(string? login, string? digest)
        => login is null || digest is not { Length: 64 } ? null : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{login}\0{digest}")))[..3];

    /// <summary>A client's address as it is told; null when that is none.</summary>
    internal static string? Address(string? remote)
        => IPAddress.TryParse(remote, out var address) ? (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString() : null;

    [LoggerMessage(1, LogLevel.Warning, "Logins cannot be written; they are kept in memory")]
    private partial void LogFailed(Exception e);
}
