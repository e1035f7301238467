using Hikyaku.Platform;
using Hikyaku.Restrictions.Sources;
using Marten;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>Whether an account is locked for whoever signs in from an address; for the gateway, when the password was right (RST-7).</summary>
internal static class SignInLock
{
    /// <summary><c>GET /internal/accounts/{id}/sign-in?from=</c> → 200 with the lock's <c>reference</c>; absent: none.</summary>
    public static async Task<IResult> Handle(string id, string? from, IDocumentStore store, TimeProvider time, CancellationToken stop)
    {
        var network = Networks.Of(from);
        await using var session = store.QuerySession();
        var standing = await session.LoadAsync<AccountStanding>(id, stop);
        var source = network is null ? null : await session.LoadAsync<SourceStanding>(SourceStanding.KeyOf(network), stop);
        return new Answer(200, new { Reference = Of(standing, source, network, id, time.GetUtcNow()) });
    }

    /// <summary>The reference of what locks; pure.</summary>
    public static string? Of(AccountStanding? standing, SourceStanding? source, string? network, string accountId, DateTimeOffset now)
        => standing?.Restrictions.Find(r => r.Kind == Kinds.AccountLocked && !(r.Until <= now) && (r.Network is null ? network is null || !r.KnownNetworks.Contains(network) : r.Network == network))?.Reference
            ?? (source?.Until > now && !source.KnownAccounts.Contains(accountId) ? source.Reference : null);
}
