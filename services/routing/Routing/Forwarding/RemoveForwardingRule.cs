using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.Routing.Forwarding;

/// <summary>Removes a rule.</summary>
/// <param name="Rule">Its number.</param>
/// <param name="Confirmed">Whether the caller has seen that mail will be lost.</param>
/// <param name="Now">When.</param>
public sealed record RemoveForwardingRule(int Rule, bool Confirmed, DateTimeOffset Now)
{
    /// <summary>Decides; pure. While reception is off, the last rule and the last rule for all mail need a confirmation (RTE-6).</summary>
    public static Decision Decide(RemoveForwardingRule command, MailboxRouting state)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(state);
        if (state.Rules.Find(r => r.Number == command.Rule) is not { } rule) return Decision.Reject(new Rejection(RoutingProblems.NoSuchRule));
        var left = state.Rules.Remove(rule);
        var isLastOfAll = rule.Condition == Conditions.All && left.TrueForAll(r => r.Condition != Conditions.All);
        if (!state.Reception && !command.Confirmed && (left.IsEmpty || isLastOfAll)) return Decision.Reject(new Rejection(RoutingProblems.MailIsLost, "confirm"));
        return Decision.Accept(new ForwardingRuleRemoved(state.Domain, command.Rule, command.Now));
    }

    /// <summary><c>DELETE /api/v1/accounts/{address}/forwarding-rules/{id}</c> → 204.</summary>
    public static async Task<IResult> Handle(string address, string id, string? confirm, CommandContext context, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<MailboxRouting>(context.Target!.AccountId, stop);
        if (stream.Aggregate is not { } state || !ChangeForwardingRule.TryReadNumber(id, out var rule)) return Problems.Of(RoutingProblems.NoSuchRule);
        return context.Conclude(stream, Decide(new(rule, confirm == "true", context.Now), state), (_, version) => new Answer(204, Version: version));
    }
}
