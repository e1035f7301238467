using System.Diagnostics;
using System.Threading.Channels;
using Hikyaku.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.MailNode;

/// <summary>
/// Keeps the node a serving one at one service, and tells that service what the node has applied of it: at once after each change,
/// and every <see cref="NodeSettings.LeaseInterval"/>.
/// </summary>
public sealed partial class Lease(
    OwningService service, NodeSettings settings, Replica replica, MailServers servers, Membership membership, Definitions definitions, TimeProvider time,
    ILogger<Lease> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Precision = TimeSpan.FromSeconds(30); // against minutes of lag; each time is a write to the disk

    private readonly Channel<ActivityContext> _news = Channel.CreateBounded<ActivityContext>(
        new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropWrite });

    private bool _failing;
    private (DateTimeOffset Asked, long Newest)? _ahead; // of the service, when it was asked; null when that is applied
    private DateTimeOffset _told;

    /// <summary>Asks for a renewal now; several askings become one.</summary>
    /// <param name="cause">What has caused it, for the trace.</param>
    public void Renew(ActivityContext cause = default) => _news.Writer.TryWrite(cause);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var causes = await CausesAsync(stoppingToken);
            // Set a parent span only when there is a single cause.
            using var activity = causes is [var cause] && cause != default ? Telemetry.Source.StartActivity("lease", ActivityKind.Internal, cause) : null;
            try
            {
                var asked = time.GetUtcNow();
                var report = await ReportAsync(stoppingToken);
                var sent = time.GetUtcNow();
                var answer = await service.Client.RenewLeaseAsync(report, stoppingToken);
                if (answer?.Now is { } now) service.Clock.Note(sent, now, time.GetUtcNow());
                NoteMembership(isMember: answer is not null);
                await TellCurrentAsync(stoppingToken);
                if (answer is not null) _ahead ??= (asked, answer.Position);
                if (_failing) LogWorksAgain(service.Name);
                _failing = false;
            }
            catch (Exception e) when (e is HttpRequestException or InvalidDataException or System.Text.Json.JsonException or Microsoft.Data.Sqlite.SqliteException || (e is OperationCanceledException && !stoppingToken.IsCancellationRequested))
            {
                if (!_failing) LogFails(e, service.Name); // once, not every second of a long night
                _failing = true;
                await Task.Delay(Pause, stoppingToken);
                Renew();
            }
        }
    }

    private async Task<List<ActivityContext>> CausesAsync(CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(settings.LeaseInterval);
        var causes = new List<ActivityContext>();
        try
        {
            causes.Add(await _news.Reader.ReadAsync(limit.Token));
            while (_news.Reader.TryRead(out var more)) causes.Add(more);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // the interval has passed
        }

        return causes;
    }

    private async Task<LeaseReport> ReportAsync(CancellationToken stop)
    {
        var versions = await servers.VersionsAsync(stop);
        var (checkedAt, repaired) = service.Drift.Now;
        var at = settings.Advertised;
        var report = new LeaseReport(
            new Dictionary<string, long>(), versions, false, checkedAt, repaired, at?.Host, at?.ImapPort, at?.Pop3Port, at?.LmtpPort, at?.QuotaPort,
            Retired: membership.IsRetired && service.Name != OwningService.OfMembership)
        {
            Definitions = definitions.Now,
        };
        if (!replica.IsComplete) return report;
        var (done, told) = await replica.TryWriteAsync(r => Progress.ForLease(r, service.Name), stop);
        if (!done) return report;
        if (!servers.AreReading(replica.Identity)) told = (0, null);
        return report with { Applied = new Dictionary<string, long> { [service.Name] = told.Applied }, Listed = true, Pending = told.Pending };
    }

    private void NoteMembership(bool isMember)
    {
        if (service.Name != OwningService.OfMembership) return;
        if (!isMember && !membership.IsRetired) LogRetired(settings.Node);
        membership.IsRetired = !isMember;
    }

    // A position that was once the service's newest is applied now. This ends even while newer events keep coming.
    private async Task TellCurrentAsync(CancellationToken stop)
    {
        if (_ahead is not (var asked, var newest)) return;
        var (done, progress) = await replica.TryWriteAsync(r => Progress.Of(r, service.Name), stop);
        if (!done || progress.Applied < newest) return;
        _ahead = null;
        if (asked - _told < Precision) return;
        await replica.TryWriteAsync(r =>
        {
            Progress.SetCurrentAsOf(r, service.Name, asked);
            return true;
        }, stop);
        _told = asked;
    }

    [LoggerMessage(1, LogLevel.Warning, "The lease at {Service} cannot be renewed; mail goes on")]
    private partial void LogFails(Exception e, string service);

    [LoggerMessage(2, LogLevel.Information, "The lease at {Service} is renewed again")]
    private partial void LogWorksAgain(string service);

    [LoggerMessage(3, LogLevel.Error, "{Node} was retired: it takes no mail and no logins any more, hands on what waits in its queue, and can be switched off")]
    private partial void LogRetired(string node);
}
