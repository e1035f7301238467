using System.Threading.RateLimiting;
using Hikyaku.Gateway.Sessions;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// How many requests a session may make: 400 a second by default (<c>Hikyaku:Throttle:SessionRequestsPerSecond</c>), twice that
/// at once. Counters of sessions that rest are dropped.
/// </summary>
public sealed class SessionRate : IDisposable
{
    private const int RefillsPerSecond = 10;
    private readonly PartitionedRateLimiter<Guid> _limiter;

    /// <summary>Reads the limit.</summary>
    public SessionRate(IConfiguration configuration)
    {
        var perSecond = configuration.GetValue("Hikyaku:Throttle:SessionRequestsPerSecond", 400);
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = 2 * perSecond,
            TokensPerPeriod = Math.Max(1, perSecond / RefillsPerSecond),
            ReplenishmentPeriod = TimeSpan.FromSeconds(1.0 / RefillsPerSecond),
            AutoReplenishment = false, // the partitioned limiter does it for all
            QueueLimit = 0,
        };
        _limiter = PartitionedRateLimiter.Create<Guid, Guid>(id => RateLimitPartition.GetTokenBucketLimiter(id, _ => options));
    }

    /// <summary>Takes one request's share.</summary>
    public RateLimitLease Take(Session session) => _limiter.AttemptAcquire(session.Id);

    /// <summary>What Retry-After says.</summary>
    public static int SecondsToWait(RateLimitLease lease)
        => lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();
}
