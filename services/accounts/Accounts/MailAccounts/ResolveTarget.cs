using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>Tells the gateway which account an address means now.</summary>
public static class ResolveTarget
{
    /// <summary><c>GET /internal/targets/{address}</c> → 200 or 404.</summary>
    public static async Task<IResult> Handle(string address, IDocumentStore store, CancellationToken stop)
    {
        if (!InternetNames.TryReadAddress(address, out var normal, out var domain)) return Problems.Of(PlatformProblems.NotFound);
        await using var session = store.QuerySession();
        var reservation = await session.LoadAsync<AddressReservation>(normal, stop);
        return reservation is not { BeingDeleted: false, ReservedBy: null }
            ? Problems.Of(PlatformProblems.NotFound)
            : new Answer(200, new Target(reservation.AccountId, normal, domain, reservation.Life));
    }
}
