using Hikyaku.Gateway.Sessions;
using Hikyaku.Platform;

namespace Hikyaku.Gateway.Routing;

/// <summary>
/// Internal tokens, signed once and used until 15 seconds before they end: a signature per request costs more than half of
/// the gateway's speed.
/// </summary>
public sealed class InternalTokens(InternalTokenIssuer issuer, TimeProvider time)
{
    private static readonly TimeSpan Life = InternalToken.Lifetime - TimeSpan.FromSeconds(15);
    private static readonly Caller Gateway = new(Roles.Gateway, "gateway", "", [], "", "api");

    private readonly ExpiringCache<Key, string> _tokens = new(Life, 20_000, time);

    /// <summary>The token of a session's request about an account, or about none.</summary>
    public ValueTask<string?> ForAsync(Asker asker, Target? target)
    {
        ArgumentNullException.ThrowIfNull(asker);
        var session = asker.Session;
        var key = new Key(session.Id, session.Standing, asker.Address, asker.Via, target?.AccountId);
        return _tokens.GetAsync(key, _ => Task.FromResult<string?>(issuer.Issue(asker.ToCaller(), target)));
    }

    /// <summary>The token of the gateway's own questions.</summary>
    public ValueTask<string?> OwnAsync() => _tokens.GetAsync(default, _ => Task.FromResult<string?>(issuer.Issue(Gateway)));

    // The key contains everything that the token says: otherwise the cache could vouch for a domain that was taken away.
    private readonly record struct Key(Guid Session, long Standing, string? Address, string? Via, string? AccountId);
}
