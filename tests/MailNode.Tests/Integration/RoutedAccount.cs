using Hikyaku.Contracts;
using Hikyaku.Platform.Testing;
using Hikyaku.Routing;
using Hikyaku.Routing.Contracts;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Scripts;

namespace Hikyaku.MailNode.Tests.Integration;

/// <summary>What is done with the mail of an account, told to the node as the routing service tells it.</summary>
internal static class RoutedAccount
{
    private static int _versions;

    /// <summary>Sets it, and waits, unless told otherwise, until the node has reported that it obeys.</summary>
    public static async Task RouteAsync(this Account account, Func<MailboxRouting, MailboxRouting> set, RoutingSettings? settings = null, bool wait = true)
    {
        var routing = set(new MailboxRouting { Id = account.State.AccountId, Address = account.Address, Domain = account.State.Domain });
        var forwards = routing.Rules.SelectMany(r => r.Destinations.Select(d => new Forward(r.Condition == Conditions.All ? SieveScript.AllRules : r.Number, d)));
        var script = SieveScript.Of(routing, settings ?? new());
        var version = Interlocked.Increment(ref _versions);
        var position = 0L;
        var state = account.Node.Routing.Keep(at => new RoutingState(
            routing.Id, routing.Reception, routing.Autoreply is not null, script,
            [.. forwards.OrderBy(f => f.Rule).ThenBy(f => f.Destination, StringComparer.Ordinal)], version, position = at, Deleted: false));
        await account.Node.Broker.PublishAsync(state);
        await account.Node.Broker.PublishAsync(new NodeStateBookmark("routing", position));
        if (wait) await Eventually.Async(() => account.Node.Routing.Applied >= position, TimeSpan.FromSeconds(40));
    }

    /// <summary>The same version with the script of other settings of the service, as after an upgrade of it: the node learns it when it compares.</summary>
    public static async Task RewriteAsync(this Account account, Func<MailboxRouting, MailboxRouting> set, RoutingSettings settings)
    {
        var node = account.Node;
        var routing = set(new MailboxRouting { Id = account.State.AccountId, Address = account.Address, Domain = account.State.Domain });
        var told = node.Routing.Snapshot().States.OfType<RoutingState>().Single(s => s.AccountId == routing.Id);
        node.Routing.Keep(told with { Script = SieveScript.Of(routing, settings) });
        using var http = new HttpClient { BaseAddress = node.AgentAddress, Timeout = TimeSpan.FromSeconds(40) };
        await Eventually.Async(async () =>
        {
            using var answer = await http.PostAsync(new Uri("/check", UriKind.Relative), null);
            return answer.IsSuccessStatusCode;
        }, TimeSpan.FromSeconds(40));
    }

    public static MailboxRouting ForwardAll(this MailboxRouting routing, params string[] to)
        => to.Aggregate(routing, (r, d) => r with { Rules = r.Rules.Add(new(r.Rules.Count + 1, Conditions.All, null, [d])) });

    public static MailboxRouting Forward(this MailboxRouting routing, string condition, string keyword, params string[] to)
        => routing with { Rules = routing.Rules.Add(new(routing.Rules.Count + 1, condition, keyword, [.. to.Order(StringComparer.Ordinal)])) };
}
