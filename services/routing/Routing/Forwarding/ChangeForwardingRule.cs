using System.Globalization;
using Hikyaku.Platform;
using Hikyaku.Routing.Mailboxes;

namespace Hikyaku.Routing.Forwarding;

/// <summary>Changes a rule in place: it keeps its number, and has another keyword, other destinations or another condition.</summary>
/// <param name="Rule">Its number.</param>
/// <param name="Body">As typed.</param>
/// <param name="Now">When.</param>
public sealed record ChangeForwardingRule(int Rule, RuleBody Body, DateTimeOffset Now)
{
    /// <summary>Decides; pure. A rule that is so already is not set again.</summary>
    public static Decision Decide(ChangeForwardingRule command, MailboxRouting state)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(state);
        if (state.Rules.Find(r => r.Number == command.Rule) is not { } former) return Decision.Reject(new Rejection(RoutingProblems.NoSuchRule));
        var others = state.Rules.Remove(former);
        var input = RuleInput.Read(command.Body, state.Address, others);
        List<Rejection> broken = [.. input.Broken];
        if (input.Condition == Conditions.All && input.Destinations.Count > 1) broken.Add(new(RoutingProblems.OneDestinationEach, "destinations"));
        if (broken.Count > 0) return Decision.Reject(broken);
        var changed = new ForwardingRule(command.Rule, input.Condition, input.Keyword, input.Destinations);
        if (changed.Equals(former)) return Decision.Accept();
        var after = others.Add(changed);
        if (!state.Reception && input.Condition != Conditions.All && after.TrueForAll(r => r.Condition != Conditions.All) && command.Body.Confirm != true)
            return Decision.Reject(new Rejection(RoutingProblems.UnmatchedMailIsLost, "confirm"));
        return Decision.Accept(new ForwardingRuleSet(state.Id, state.Address, state.Domain, command.Rule, input.Condition, input.Keyword, input.Destinations, command.Now));
    }

    /// <summary><c>PUT /api/v1/accounts/{address}/forwarding-rules/{id}</c> → 204.</summary>
    public static async Task<IResult> Handle(string address, string id, string? confirm, RuleBody body, CommandContext context, CancellationToken stop)
    {
        var stream = await context.Session.Events.FetchForWriting<MailboxRouting>(context.Target!.AccountId, stop);
        if (stream.Aggregate is not { } state || !TryReadNumber(id, out var rule)) return Problems.Of(RoutingProblems.NoSuchRule);
        var confirmed = body with { Confirm = body.Confirm == true || confirm == "true" };
        return context.Conclude(stream, Decide(new(rule, confirmed, context.Now), state), (_, version) => new Answer(204, Version: version));
    }

    /// <summary>Reads a rule's id as the API shows it.</summary>
    public static bool TryReadNumber(string id, out int number) => int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
