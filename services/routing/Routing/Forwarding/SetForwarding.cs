using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.Routing.Forwarding;

/// <summary>Sets forwarding (RTE-1): of all mail one rule for each destination, by From or Subject one rule with all of them.</summary>
/// <param name="Account">Whose.</param>
/// <param name="Rule">As typed.</param>
/// <param name="Now">When.</param>
public sealed record SetForwarding(Target Account, RuleBody Rule, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(SetForwarding command, MailboxRouting? routing)
    {
        ArgumentNullException.ThrowIfNull(command);
        var state = routing ?? MailboxRouting.Of(command.Account);
        var input = RuleInput.Read(command.Rule, state.Address, state.Rules);
        if (input.Broken.Count > 0) return Decision.Reject(input.Broken);
        if (!state.Reception && !state.ForwardsAll && input.Condition != Conditions.All && command.Rule.Confirm != true)
            return Decision.Reject(new Rejection(RoutingProblems.UnmatchedMailIsLost, "confirm"));
        IEnumerable<IReadOnlyList<string>> entries = input.Condition == Conditions.All ? input.Destinations.Select(d => (IReadOnlyList<string>)[d]) : [input.Destinations];
        return Decision.Accept(entries.Select((destinations, i) => new ForwardingRuleSet(
            state.Id, state.Address, state.Domain, state.HighestRule + 1 + i, input.Condition, input.Keyword, destinations, command.Now)));
    }

    /// <summary><c>POST /api/v1/accounts/{address}/forwarding-rules</c> → 201 with the rules that it made.</summary>
    public static async Task<IResult> Handle(string address, RuleBody body, CommandContext context, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<MailboxRouting>(context.Target!.AccountId, stop);
        var former = stream.Aggregate?.HighestRule ?? 0;
        return context.Conclude(stream, Decide(new(context.Target, body, context.Now), stream.Aggregate),
            (state, version) => new Answer(201, RuleViews.Of(state, r => r.Number > former), version, $"/api/v1/accounts/{context.Target.Address}/forwarding-rules"));
    }
}
