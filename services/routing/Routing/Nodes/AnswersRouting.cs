using Hikyaku.Platform;
using Hikyaku.Routing.Contracts;
using Hikyaku.Routing.Mailboxes;
using Marten;
using MassTransit;

namespace Hikyaku.Routing.Nodes;

/// <summary>Tells another service how an account's mail was routed at a time, in the form in which nodes obey it.</summary>
public sealed class AnswersRouting(IDocumentStore store, RoutingStates states) : IConsumer<RoutingAsked>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<RoutingAsked> context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var (account, at) = (context.Message.AccountId, context.Message.At);
        await using var session = store.QuerySession();
        var events = await session.Events.FetchStreamAsync(account, token: context.CancellationToken);
        var state = EventTimes.StateAt<MailboxRouting>(events, at) is { } routing
            ? states.Of(routing, events.TakeWhile(e => EventTimes.AtOf(e) <= at).Count(), 0)
            : new RoutingState(account, Receives: true, Replies: false, "", [], 0, 0, Deleted: false);
        await context.Publish(new RoutingTold(context.Message.RequestId, state), context.CancellationToken);
    }
}
