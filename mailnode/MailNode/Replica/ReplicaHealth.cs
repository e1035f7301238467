using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Hikyaku.MailNode;

/// <summary>Whether the replica is complete and moves.</summary>
public sealed class ReplicaHealth(Replica replica, Watch watch, Applier applier, Membership membership, TimeProvider time) : IHealthCheck
{
    private static readonly TimeSpan WatchMayBeAway = TimeSpan.FromSeconds(10);

    /// <inheritdoc/>
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var word = Word();
        return Task.FromResult(word is null ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(word));
    }

    private string? Word()
    {
        if (!replica.IsComplete) return "The replica was never completed by a list";
        if (membership.IsRetired) return "The node was retired";
        if (watch.DisconnectedSince is { } since && time.GetUtcNow() - since > WatchMayBeAway) return $"The watch is not connected since {since:O}";
        return applier.FailingSince is { } failing ? $"States cannot be written since {failing:O}" : null;
    }
}
