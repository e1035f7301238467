using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>Reads one account.</summary>
public static class ReadMailAccount
{
    /// <summary><c>GET /api/v1/accounts/{address}</c> → 200.</summary>
    public static async Task<IResult> Handle(string address, HttpContext http, MailAccountReader reader, CancellationToken stop)
    {
        var (caller, target) = http.Asking();
        if (await reader.ReadAsync(target!.AccountId, stop) is not { } row) return Problems.Of(PlatformProblems.NotFound);
        var inForce = await reader.IsInForceAsync(row, stop);
        return new Answer(200, MailAccountView.Of(row.Account, row.UsedBytes, inForce, caller.Role == Roles.User), row.Version);
    }
}
