using System.Globalization;
using Hikyaku.Platform;
using Hikyaku.Routing.Autoreply;
using Hikyaku.Routing.Forwarding;
using Hikyaku.Routing.Mailboxes;
using Hikyaku.Routing.Reception;

namespace Hikyaku.Routing.History;

/// <summary>What history compares of an account's routing, and how an undo puts a setting back: by the same decisions as any other change.</summary>
internal static class RoutingHistory
{
    private const string Rules = "forwardingRules", Reply = "autoreply", Receives = "reception";

    public static readonly StreamHistory History = new(
    [
        new Setting(Rules).SetBy<ForwardingRuleSet>(s => KeyOf(s.Rule), s => new ForwardingRule(s.Rule, s.Condition, s.Keyword, s.Destinations))
            .SetBy<ForwardingRuleRemoved>(r => KeyOf(r.Rule), _ => null),
        new Setting(Reply).SetBy<AutoreplySet>(a => a.Text).SetBy<AutoreplyRemoved>(_ => null).Initially(null),
        new Setting(Receives).SetBy<ReceptionTurnedOff>(_ => false).SetBy<ReceptionTurnedOn>(_ => true).Initially(true),
    ])
    {
        Hidden = ["accountId", "address", "domain"],
        MayUndo = [Roles.Operator, Roles.Admin, Roles.User],
    };

    /// <summary>Decides an undo; pure. One event changes one setting.</summary>
    public static Decision PutBack(MailboxRouting state, PutBack undo)
    {
        var (name, value) = undo.Earlier.Single();
        var account = new Target(state.Id, state.Address, state.Domain, Life: 0);
        return name switch
        {
            Reply when value is string text => SetAutoreply.Decide(new(account, text, RefuseCharacters: false, undo.Now), state),
            Reply => RemoveAutoreply.Decide(new(undo.Now), state),
            Receives => SetReception.Decide(new(account, (bool)value!, undo.Confirmed, undo.Now), state),
            _ => PutBackRule(state, int.Parse(name.AsSpan(Rules.Length + 1), CultureInfo.InvariantCulture), (ForwardingRule?)value, undo),
        };
    }

    private static Decision PutBackRule(MailboxRouting state, int number, ForwardingRule? rule, PutBack undo)
    {
        if (rule is null) return RemoveForwardingRule.Decide(new(number, undo.Confirmed, undo.Now), state);
        var body = new RuleBody(rule.Condition, rule.Keyword, rule.Destinations, undo.Confirmed);
        // A rule that is gone comes back under its own number.
        var there = state.Rules.Exists(r => r.Number == number) ? state : state with { Rules = state.Rules.Add(rule with { Destinations = [] }) };
        return ChangeForwardingRule.Decide(new(number, body, undo.Now), there);
    }

    private static string KeyOf(int rule) => rule.ToString(CultureInfo.InvariantCulture);
}
