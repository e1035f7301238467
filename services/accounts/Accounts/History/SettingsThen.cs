using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.MailAccounts;
using Hikyaku.Platform;
using Marten;

namespace Hikyaku.Accounts.History;

/// <summary>
/// <c>?at=</c>: the settings of an account or a domain as they were at a time (OPS-3), from its events alone. What is measured
/// or reckoned from others, like usage, is no setting and absent. A time to come is now.
/// </summary>
public static class SettingsThen
{
    /// <summary>An account at a time; its user does not learn of comments. An earlier life of the address is nobody's any more.</summary>
    public static async Task<IResult> OfAccountAsync(string at, Caller caller, string accountId, IDocumentStore store, CancellationToken stop)
        => await StateAsync<MailAccount>(at, accountId, store, account => new(200, MailAccountView.Then(account, forUser: caller.Role == Roles.User)), stop);

    /// <summary>A domain at a time.</summary>
    public static async Task<IResult> OfDomainAsync(string at, string domain, IDocumentStore store, CancellationToken stop)
        => await StateAsync<Domain>(at, domain, store, d => new(200, DomainView.Then(d)), stop);

    private static async Task<IResult> StateAsync<TState>(string at, string stream, IDocumentStore store, Func<TState, Answer> show, CancellationToken stop)
        where TState : class, IState<TState>
    {
        if (!EventTimes.TryRead(at, out var time)) return Problems.Of(PlatformProblems.BadParameter, "at", ("name", "at"));
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(stream, token: stop);
        return EventTimes.StateAt<TState>(events, time) is { } state ? show(state) : Problems.Of(PlatformProblems.NotFound);
    }
}
