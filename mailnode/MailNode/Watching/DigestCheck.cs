using System.Diagnostics.Metrics;
using System.Text.Json;
using Hikyaku.Platform;
using Microsoft.Data.Sqlite;

namespace Hikyaku.MailNode;

/// <summary>
/// Compares the replica with the accounts service from time to time (NOD-3), and when asked (<c>POST /check</c>): by digests
/// first, of shards that differ by the states themselves, and repairs what is not right. It compares only when the node has
/// applied everything that the service's answer may hold; a node that does not get there has missed something, and lists.
/// </summary>
public sealed partial class DigestCheck(
    NodeSettings settings, Replica replica, AccountsClient accounts, Listing listing, Lease lease, SessionEnder sessions, DriftSeen seen, TimeProvider time, ILogger<DigestCheck> logger)
    : BackgroundService
{
    private static readonly TimeSpan ApplyPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);
    private static readonly Counter<long> Repaired = Telemetry.Meter.CreateCounter<long>("hikyaku.node.drift_repaired", "{row}", "Rows of the replica that were not what the service says");

    private readonly SemaphoreSlim _turn = new(1);

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

    /// <summary><c>POST /check</c> → 200 or 503, with the outcome.</summary>
    public async Task<IResult> Handle(CancellationToken stop)
    {
        var outcome = await TryAsync(stop);
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
            LogFailed(e);
            return new(false, "The accounts service or the replica does not answer");
        }
    }

    private async Task<Outcome> CompareAsync(CancellationToken stop)
    {
        if (!replica.IsComplete) return new(false, "There is no replica");
        var theirs = await accounts.DigestsAsync(stop);
        if (!await HasAppliedAsync(theirs.UpTo, stop)) return Lags(theirs.UpTo);
        // From the disk, not from what the writing connection remembers of it.
        var (damage, ours) = await Task.Run(() => replica.Read(r => (r.One<string>("PRAGMA quick_check(1)"), ReplicaStates.Digests(r).Parts)), stop);
        if (damage != "ok")
        {
            LogDamaged(damage);
            await replica.LoseAsync(stop);
            listing.Ask("the replica is damaged");
            return new(false, "The replica is damaged and is made anew");
        }

        var differing = NodeStateDigests.Differing(ours, theirs.Parts, ReplicaStates.Parts);
        var repaired = 0;
        if (differing.Count > 0)
        {
            var list = await listing.ReadAsync(differing, stop);
            if (!await HasAppliedAsync(list.UpTo, stop)) return Lags(list.UpTo);
            repaired = await replica.WriteAsync(r => Drift.Repair(r, list.States, differing, list.Position, time.GetUtcNow()), stop);
            if (repaired > 0) LogRepaired(repaired, differing.Count);
            else LogNothing(differing.Count);
            await sessions.EndDueAsync(stop);
        }

        Repaired.Add(repaired);
        seen.Note(time.GetUtcNow(), repaired);
        lease.Renew();
        return new(true, repaired == 0 ? "The replica is right" : "The replica was repaired", differing.Count, repaired);
    }

    private Outcome Lags(long position)
    {
        listing.Ask($"position {position} was not reached");
        return new(false, "The node has not applied what the service has told");
    }

    private async Task<bool> HasAppliedAsync(long position, CancellationToken stop)
    {
        var began = time.GetTimestamp();
        while (await replica.WriteAsync(r => ReplicaRows.Progress(r).Applied, stop) < position)
        {
            if (time.GetElapsedTime(began) > ApplyPatience) return false;
            await Task.Delay(Pause, time, stop);
        }

        return true;
    }

    [LoggerMessage(1, LogLevel.Warning, "Replica and service could not be compared")]
    private partial void LogFailed(Exception e);

    [LoggerMessage(2, LogLevel.Error, "The replica is damaged: {Damage}")]
    private partial void LogDamaged(string? damage);

    [LoggerMessage(3, LogLevel.Warning, "{Rows} rows in {Shards} shards were not what the service says, and are repaired")]
    private partial void LogRepaired(int rows, int shards);

    [LoggerMessage(4, LogLevel.Information, "{Shards} shards differed but no row does: what was told meanwhile, or what this version does not keep")]
    private partial void LogNothing(int shards);
}
