using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>Reads one account.</summary>
public static class ReadMailAccount
{
    /// <summary><c>GET /api/v1/accounts/{address}</c> → 200; with <c>?at=</c> as it was then.</summary>
    public static async Task<IResult> Handle(string address, string? at, HttpContext http, MailAccountReader reader, IDocumentStore store, CancellationToken stop)
    {
        var (caller, target) = http.Asking();
        if (await reader.ReadAsync(target!.AccountId, stop) is not { } row) return Problems.Of(PlatformProblems.NotFound);
        if (at is not null) return await EventTimes.AnswerAsync<MailAccount>(at, target.AccountId, store, account => MailAccountView.Then(account, forUser: caller.Role == Roles.User), stop);
        var inForce = await reader.IsInForceAsync(row, stop);
        return new Answer(200, MailAccountView.Of(row.Account, row.UsedBytes, inForce, caller.Role == Roles.User), row.Version);
    }
}
