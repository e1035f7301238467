using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using Hikyaku.Spam.Accounts;
using Hikyaku.Spam.Contracts;
using Hikyaku.Spam.Domains;
using Marten;
using MassTransit;

namespace Hikyaku.Spam.Tracing;

/// <summary>By which settings a node delivered an account's mail at an earlier time: this service's, and those that the routing service tells.</summary>
internal sealed class SettingsAt(IDocumentStore store, NodeAnswers<RoutingTold> routing, IBus bus)
{
    /// <summary>Reads them; null when the routing service does not answer.</summary>
    public async Task<TracedSettings?> OfAsync(Target account, DateTimeOffset at, CancellationToken stop)
    {
        if (await routing.AskServiceAsync(bus, request => new RoutingAsked(request, account.AccountId, at), stop) is not { State: var routed }) return null;
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(account.AccountId, token: stop);
        var standing = EventTimes.StateAt<DomainStanding>(await session.Events.FetchStreamAsync(DomainStanding.KeyOf(account.Domain), token: stop), at);
        var switches = SpamSwitches.Of(EventTimes.StateAt<AccountSpam>(events, at));
        return new(
            routed.Receives, routed.Script, [.. routed.Forwards.Select(f => new TracedRule(f.Rule, f.Destination))], routed.Version,
            switches.TagSubject, switches.SortToJunk, events.TakeWhile(e => EventTimes.AtOf(e) <= at).Count(), standing?.InForce ?? false);
    }
}
