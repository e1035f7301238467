using Hikyaku.Platform;
using Hikyaku.Restrictions.Space;
using Marten;

namespace Hikyaku.Restrictions.Accounts;

/// <summary>What restricts an account now (RST-1).</summary>
internal static class ReadRestrictions
{
    /// <summary><c>GET /api/v1/accounts/{address}/restrictions</c> → 200; evidence for operators only (RST-4).</summary>
    public static async Task<IResult> Handle(string address, HttpContext http, IDocumentStore store, MailboxSpace space, CancellationToken stop)
    {
        var (caller, account) = http.Asking();
        var language = Problems.LanguageOf(http.Request);
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(account!.AccountId, token: stop);
        var standing = events.Aggregate(default(AccountStanding), (state, e) => AccountStanding.Evolve(state, e.Data));
        http.Response.Headers.ContentLanguage = language.Name;
        return new Answer(200, RestrictionView.All(standing, await space.FullSinceAsync(account.AccountId, stop), caller.Role == Roles.Operator, language), events.Count);
    }

    /// <summary>The fields of the account's summary. What is set at an earlier time has no over-capacity: sizes are not kept.</summary>
    public static async Task<object> SummaryAsync(IQuerySession session, Target account, DateTimeOffset? at, MailboxSpace space, CancellationToken stop)
    {
        var standing = at is { } then
            ? EventTimes.StateAt<AccountStanding>(await session.Events.FetchStreamAsync(account.AccountId, token: stop), then)
            : await session.LoadAsync<AccountStanding>(account.AccountId, stop);
        var full = at is null ? await space.FullSinceAsync(account.AccountId, stop) : null;
        // Texts depend on the reader's language, so the summary has none.
        var all = RestrictionView.All(standing, full, withEvidence: false, System.Globalization.CultureInfo.InvariantCulture);
        return new { Status = all.Count > 0 ? all[0].Kind : Kinds.Normal, Restrictions = all.Select(r => new { r.Kind, r.Since, r.Until, r.Reference }) };
    }
}
