using System.Diagnostics.Metrics;
using System.Text.Json;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Compares a service's parts of the replica with that service from time to time (NOD-3), and when asked (<c>POST /check</c>): by
/// digests first, of shards that differ by the states themselves, and repairs what is not right. It compares only when the node has
/// applied everything that the service's answer may hold; a node that does not get there has missed something, and lists.
/// </summary>
public sealed partial class DigestCheck(
    OwningService service, NodeSettings settings, Replica replica, PerService<Listing> listings, PerService<Lease> leases, SessionEnder sessions, SigningKeys signing,
    TimeProvider time, ILogger<DigestCheck> logger)
    : BackgroundService
{
    private static readonly TimeSpan ApplyPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly Counter<long> Repaired = Telemetry.Meter.CreateCounter<long>("hikyaku.node.drift_repaired", "{row}", "Rows of the replica that were not what the service says");

    private readonly SemaphoreSlim _turn = new(1);

    private Listing Listing => listings[service.Name];

    /// <summary>What a comparison has found.</summary>
    /// <param name="Done">Whether it came to an end.</param>
    /// <param name="Word">For people.</param>
    /// <param name="Shards">How many shards differed.</param>
    /// <param name="Repaired">How many rows were repaired.</param>
    public sealed record Outcome(bool Done, string Word, int Shards = 0, int Repaired = 0);

    /// <summary>Compares now. Throws what a service throws that does not answer.</summary>
    public async Task<Outcome> CheckAsync(CancellationToken stop)
    {
        await _turn.WaitAsync(stop);
        try
        {
            return await CompareAsync(stop);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary><c>POST /check</c> → 200 or 503, with the outcome of comparing with every service.</summary>
    public static async Task<IResult> Handle(PerService<DigestCheck> checks, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(checks);
        var outcomes = await Task.WhenAll(checks.All.Select(c => c.TryAsync(stop)));
        var word = outcomes.MaxBy(o => (o.Done ? 0 : 2) + (o.Repaired > 0 ? 1 : 0))!.Word;
        var outcome = new Outcome(outcomes.All(o => o.Done), word, outcomes.Sum(o => o.Shards), outcomes.Sum(o => o.Repaired));
        return Results.Json(outcome, statusCode: outcome.Done ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _turn.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(settings.DigestCheckInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken)) await TryAsync(stoppingToken);
    }

    private async Task<Outcome> TryAsync(CancellationToken stop)
    {
        try
        {
            return await CheckAsync(stop);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException or JsonException or SqliteException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            LogFailed(e, service.Name);
            return new(false, $"The service {service.Name} or the replica does not answer");
        }
    }

    private async Task<Outcome> CompareAsync(CancellationToken stop)
    {
        if (!replica.IsComplete) return new(false, "There is no replica");
        var theirs = await service.Client.DigestsAsync(stop);
        if (!await HasAppliedAsync(theirs.UpTo, stop)) return Lags(theirs.UpTo);
        // Reads the file through a new connection, because the writing connection may have cached pages.
        var (damage, ours) = await Task.Run(() => replica.Read(r => (r.One<string>("PRAGMA quick_check(1)"), Drift.Digests(r, service.Parts).Parts)), stop);
        if (damage != "ok")
        {
            LogDamaged(damage);
            await replica.LoseAsync(stop);
            Listing.Ask("the replica is damaged");
            return new(false, "The replica is damaged and is made anew");
        }

        var differing = NodeStateDigests.Differing(ours, theirs.Parts, service.Parts.Select(p => p.Contract.Name));
        var repaired = 0;
        if (differing.Count > 0)
        {
            var list = await Listing.ReadAsync(differing, stop);
            if (!await HasAppliedAsync(list.UpTo, stop)) return Lags(list.UpTo);
            repaired = await replica.WriteAsync(r => Drift.Repair(r, service.Parts, list.States, differing, list.Position, time.GetUtcNow()), stop);
            if (repaired > 0) LogRepaired(repaired, differing.Count, service.Name);
            else LogNothing(differing.Count, service.Name);
            sessions.EndDue();
            await signing.WriteDueAsync(stop);
        }

        Repaired.Add(repaired, new KeyValuePair<string, object?>("service", service.Name));
        service.Drift.Note(time.GetUtcNow(), repaired);
        leases[service.Name].Renew();
        return new(true, repaired == 0 ? "The replica is right" : "The replica was repaired", differing.Count, repaired);
    }

    private Outcome Lags(long position)
    {
        Listing.Ask($"position {position} was not reached");
        return new(false, "The node has not applied what the service has told");
    }

    private async Task<bool> HasAppliedAsync(long position, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (await replica.WriteAsync(r => Progress.Of(r, service.Name).Applied, stop) < position)
        {
            if (time.GetElapsedTime(began) > ApplyPatience) return false;
            await Task.Delay(Pause, time, stop);
        }

        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "Replica and {Service} could not be compared")]
    private partial void LogFailed(Exception e, string service);

    [LoggerMessage(2, LogLevel.Error, "The replica is damaged: {Damage}")]
    private partial void LogDamaged(string? damage);

    [LoggerMessage(3, LogLevel.Warning, "{Rows} rows in {Shards} shards were not what {Service} says, and are repaired")]
    private partial void LogRepaired(int rows, int shards, string service);

    [LoggerMessage(4, LogLevel.Information, "{Shards} shards of {Service} differed but no row does: what was told meanwhile, or what this version does not keep")]
    private partial void LogNothing(int shards, string service);
}
