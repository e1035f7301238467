using Hikyaku.Platform;

namespace Hikyaku.Gateway.MailPrograms;

/// <summary>
/// <c>GET /.well-known/mta-sts.txt</c>: what other mail servers ask of <c>mta-sts.DOMAIN</c> (RFC 8461, 3.2). All domains have the same policy,
/// so that the answer tells of none.
/// </summary>
public sealed class PolicyOfServers(IConfiguration configuration)
{
    private readonly MtaStsPolicy? _policy = MtaStsPolicy.Read(configuration);

    /// <summary>200; 404 where no policy is set.</summary>
    public static IResult Handle(PolicyOfServers policies)
    {
        ArgumentNullException.ThrowIfNull(policies);
        return policies._policy is { } policy ? Results.Text(policy.Text, "text/plain") : Problems.Of(PlatformProblems.NotFound);
    }
}
