using System.Net;
using System.Threading.RateLimiting;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>
/// How many answers mail programs of one network get without a session: 10 a second by default
/// (<c>Hikyaku:Throttle:ProgramRequestsPerSecond</c>), ten times that at once, as an office starts its programs at one time.
/// </summary>
public sealed class NetworkRate : IEndpointFilter, IDisposable
{
    private readonly PartitionedRateLimiter<IPAddress> _limiter;

    /// <summary>Reads the limit.</summary>
    public NetworkRate(IConfiguration configuration)
    {
        var perSecond = configuration.GetValue("Hikyaku:Throttle:ProgramRequestsPerSecond", 10);
        var options = new TokenBucketRateLimiterOptions
        {
            TokenLimit = 10 * perSecond,
            TokensPerPeriod = perSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            AutoReplenishment = false, // the partitioned limiter does it for all
            QueueLimit = 0,
        };
        _limiter = PartitionedRateLimiter.Create<IPAddress, string>(address => RateLimitPartition.GetTokenBucketLimiter(ClientNetwork.Of(address), _ => options));
    }

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        using var lease = _limiter.AttemptAcquire(SessionReader.AddressOf(context.HttpContext));
        return lease.IsAcquired ? await next(context) : Problems.Of(PlatformProblems.TooManyRequests, null, ("n", SessionRate.SecondsToWait(lease)));
    }

    /// <inheritdoc/>
    public void Dispose() => _limiter.Dispose();
}
