using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Accounts.Staff;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.History;

/// <summary>The changes of an account, a domain or a login, newest first.</summary>
public static class ReadHistory
{
    private static readonly StreamHistory OfLogins = new([]) { Hidden = ["credentialId"] };

    /// <summary><c>GET /api/v1/accounts/{address}/history</c> → 200.</summary>
    public static async Task<IResult> OfAccount(string address, string? limit, string? cursor, HttpContext http, IDocumentStore store, MailAccountReader reader, CancellationToken stop)
    {
        var account = http.Asking().Target!.AccountId;
        return await reader.ReadAsync(account, stop) is null ? Problems.Of(PlatformProblems.NotFound) : await HistoryPages.AnswerAsync(UndoAccountChange.History, account, http, store, stop);
    }

    /// <summary><c>GET /api/v1/domains/{name}/history</c> → 200.</summary>
    public static async Task<IResult> OfDomain(string name, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
    {
        _ = InternetNames.TryReadDomain(name, out var id); // the access rule has read it
        await using var session = store.QuerySession();
        return await session.LoadAsync<Domain>(id!, stop) is null ? Problems.Of(PlatformProblems.NotFound) : await HistoryPages.AnswerAsync(UndoDomainChange.History, id!, http, store, stop);
    }

    /// <summary><c>GET /api/v1/domains/{name}/administrators/{login}/history</c> → 200: when the login was made and its password set.</summary>
    public static async Task<IResult> OfAdministrator(string name, string login, string? limit, string? cursor, HttpContext http, IDocumentStore store, CancellationToken stop)
        => await DismissAdministrator.IsOneAsync(name, login, store, stop)
            ? await HistoryPages.AnswerAsync(OfLogins, StaffMember.KeyOf(login.ToLowerInvariant()), http, store, stop)
            : Problems.Of(PlatformProblems.NotFound);
}
