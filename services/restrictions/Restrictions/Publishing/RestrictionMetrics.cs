using System.Diagnostics.Metrics;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Npgsql;

namespace Hikyaku.Restrictions.Publishing;

/// <summary>What operators see of restrictions as numbers.</summary>
internal sealed partial class RestrictionMetrics(NpgsqlDataSource database, TimeProvider time, ILogger<RestrictionMetrics> log) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    private static readonly Counter<long> Placed = Telemetry.Meter.CreateCounter<long>("hikyaku.restrictions.placed", "{restriction}", "Restrictions that began, by kind and rule");
    private static readonly Counter<long> Lifted = Telemetry.Meter.CreateCounter<long>("hikyaku.restrictions.lifted", "{restriction}", "Restrictions that ended, by kind and cause");
    private static readonly Histogram<double> Decided = Telemetry.Meter.CreateHistogram<double>("hikyaku.restrictions.decided_after", "s", "From the newest fact of a message to what was decided by it");
    private static readonly Histogram<double> Forced = Telemetry.Meter.CreateHistogram<double>("hikyaku.restrictions.in_force_after", "s", "From the newest fact of a message until every node obeys what was decided by it");
    private static readonly Counter<long> Guesses = Telemetry.Meter.CreateCounter<long>("hikyaku.restrictions.wrong_passwords", "{login}", "Failed logins that were told, by protocol");

    private volatile IReadOnlyList<(string Kind, long Count)> _active = [];

    /// <summary>Something happened to an account; what is told again after a failure is counted again.</summary>
    public static void Count(object e)
    {
        if (e is AccountRestricted r) Placed.Add(1, new("kind", r.Kind), new("rule", r.Rule));
        else if (e is RestrictionLifted l) Lifted.Add(l.References.Count, new("kind", l.Kind), new("cause", l.Cause));
    }

    /// <summary>Something was decided by a fact of this time.</summary>
    public static void CountDecision(TimeSpan after) => Decided.Record(Math.Max(0, after.TotalSeconds));

    /// <summary>Every node obeys what was decided by a fact of this time.</summary>
    public static void CountForce(TimeSpan after) => Forced.Record(Math.Max(0, after.TotalSeconds));

    /// <summary>Wrong passwords were told.</summary>
    public static void CountGuesses(string protocol, long count) => Guesses.Add(count, new KeyValuePair<string, object?>("protocol", protocol));

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        Telemetry.Meter.CreateObservableGauge(
            "hikyaku.restrictions.active", () => _active.Select(a => new Measurement<long>(a.Count, new KeyValuePair<string, object?>("kind", a.Kind))), "{account}", "Accounts that are restricted now, by kind");
        using var timer = new PeriodicTimer(Interval, time);
        do
        {
            try
            {
                var counted = await database.ListAsync(
                    $"select kind, count(distinct account_id) from restriction where ended_at is null group by kind union all select {Kinds.OverCapacity}, count(*) from mailbox_space where full_since is not null",
                    row => (row.GetString(0), row.GetInt64(1)), stoppingToken);
                _active = [.. Kinds.InOrder.Select(k => (k, counted.Where(c => c.Item1 == k).Sum(c => c.Item2)))];
            }
            catch (Exception e) when (ProblemExceptionHandler.IsAway(e))
            {
                LogNotCounted(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(31, LogLevel.Information, "Restrictions are not counted for now")]
    private partial void LogNotCounted(Exception e);
}
