using Hikyaku.Platform;
using Hikyaku.Spam.Advice;
using Hikyaku.Spam.Domains;
using Marten;
using Npgsql;

namespace Hikyaku.Spam.Accounts;

/// <summary>An account's spam settings.</summary>
/// <param name="TagSubject">Whether <c>[SPAM] </c> is put before the subject of mail judged spam.</param>
/// <param name="SortToJunk">Whether it is filed into Junk.</param>
/// <param name="InForce">Whether they act: the domain's standing allows it (SPM-5), and every mail node obeys the newest state of both (NOD-5).</param>
/// <param name="Standing">Whether DNS and mail server of the domain allow it.</param>
/// <param name="LastPopAt">When the account last logged in by POP; absent: never.</param>
/// <param name="Caveats">What stands at the switches (SPM-8), in the reader's language.</param>
public sealed record SpamView(bool TagSubject, bool SortToJunk, bool InForce, StandingView Standing, DateTimeOffset? LastPopAt, IReadOnlyList<Caveat> Caveats);

/// <summary>Reads an account's spam settings.</summary>
public static class ReadSpam
{
    /// <summary><c>GET /api/v1/accounts/{address}/spam</c> → 200, with the version of the settings as ETag: 0 while nothing was ever changed.</summary>
    public static async Task<IResult> Handle(
        string address, HttpContext http, IDocumentStore store, NpgsqlDataSource database, NodeLeases leases, PopLogins logins, CancellationToken stop)
    {
        var account = http.Asking().Target!;
        var language = Problems.LanguageOf(http.Request);
        await using var session = store.QuerySession();
        // The stream, not the snapshot alone: version and state must be of one moment.
        var events = await session.Events.FetchStreamAsync(account.AccountId, token: stop);
        var state = events.Aggregate(default(AccountSpam), (s, e) => AccountSpam.Evolve(s, e.Data));
        var standing = await session.LoadAsync<DomainStanding>(DomainStanding.KeyOf(account.Domain), stop);
        var obeyed = await leases.IsInForceAsync(account.AccountId, events.Count == 0 ? 0 : events[^1].Sequence, stop)
            && await leases.HaveAllAppliedAsync(await DomainStanding.NewestAsync(database, account.Domain, stop), stop);
        var (switches, allowed) = (SpamSwitches.Of(state), standing?.InForce ?? false);
        return new Answer(
            200,
            new SpamView(switches.TagSubject, switches.SortToJunk, allowed && obeyed, StandingView.Of(standing, language), await logins.LastAsync(account.AccountId, stop), Caveat.All(language)),
            events.Count);
    }
}
