// These shapes are the storage format of the stream: they grow, they never change. Every released shape stays as a test fixture.

using System.Collections.Immutable;
using Hikyaku.Platform;

namespace Hikyaku.Routing.Mailboxes;

/// <summary>A forwarding rule is there, or is another one now: a rule of the same number is replaced.</summary>
public sealed record ForwardingRuleSet(
    string AccountId, [property: PersonalData] string Address, string Domain, int Rule, string Condition,
    [property: PersonalData] string? Keyword, [property: PersonalData] IReadOnlyList<string> Destinations, DateTimeOffset At);

/// <summary>A forwarding rule is gone.</summary>
public sealed record ForwardingRuleRemoved(string Domain, int Rule, DateTimeOffset At);

/// <summary>Whoever writes to the account gets this text.</summary>
public sealed record AutoreplySet(
    string AccountId, [property: PersonalData] string Address, string Domain, [property: PersonalData] string Text, DateTimeOffset At);

/// <summary>Nobody gets a reply any more.</summary>
public sealed record AutoreplyRemoved(string Domain, DateTimeOffset At);

/// <summary>New mail is not stored.</summary>
public sealed record ReceptionTurnedOff(string AccountId, [property: PersonalData] string Address, string Domain, DateTimeOffset At);

/// <summary>New mail is stored again.</summary>
public sealed record ReceptionTurnedOn(string Domain, DateTimeOffset At);

/// <summary>The account is deleted, and what was set with it.</summary>
public sealed record RoutingErased(DateTimeOffset At);

/// <summary>What is done with the mail that comes in for an account. The stream has the account's id, and begins with the first change.</summary>
public sealed record MailboxRouting : IState<MailboxRouting>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events =
    [
        typeof(ForwardingRuleSet), typeof(ForwardingRuleRemoved), typeof(AutoreplySet), typeof(AutoreplyRemoved),
        typeof(ReceptionTurnedOff), typeof(ReceptionTurnedOn), typeof(RoutingErased),
    ];

    /// <summary>The account's id.</summary>
    public required string Id { get; init; }

    /// <summary>The account's address: lower case, domain in A-labels.</summary>
    public required string Address { get; init; }

    /// <summary>The account's domain in A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>The rules, by their number.</summary>
    public ImmutableList<ForwardingRule> Rules { get; init; } = [];

    /// <summary>The highest number that a rule ever had: the next one gets a higher one, so that a message on its way to a rule never meets another.</summary>
    public int HighestRule { get; init; }

    /// <summary>What senders get as a reply; null: none.</summary>
    public string? Autoreply { get; init; }

    /// <summary>Whether new mail is stored.</summary>
    public bool Reception { get; init; } = true;

    /// <summary>The account is gone.</summary>
    public bool Erased { get; init; }

    /// <summary>Whether everything that comes in is forwarded.</summary>
    public bool ForwardsAll => Rules.Any(r => r.Condition == Conditions.All);

    /// <summary>The state of an account of which nothing was ever changed.</summary>
    public static MailboxRouting Of(Target account)
    {
        ArgumentNullException.ThrowIfNull(account);
        return Of(account.AccountId, account.Address, account.Domain);
    }

    /// <inheritdoc/>
    public static MailboxRouting? Evolve(MailboxRouting? state, object e) => e switch
    {
        ForwardingRuleSet s => (state ?? Of(s.AccountId, s.Address, s.Domain)).With(new(s.Rule, s.Condition, s.Keyword, s.Destinations)),
        ForwardingRuleRemoved r => state! with { Rules = state.Rules.RemoveAll(rule => rule.Number == r.Rule) },
        AutoreplySet a => (state ?? Of(a.AccountId, a.Address, a.Domain)) with { Autoreply = a.Text },
        AutoreplyRemoved => state! with { Autoreply = null },
        ReceptionTurnedOff o => (state ?? Of(o.AccountId, o.Address, o.Domain)) with { Reception = false },
        ReceptionTurnedOn => state! with { Reception = true },
        RoutingErased => state! with { Rules = [], Autoreply = null, Reception = true, Erased = true },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a mailbox's routing"),
    };

    private static MailboxRouting Of(string accountId, string address, string domain) => new() { Id = accountId, Address = address, Domain = domain };

    private MailboxRouting With(ForwardingRule rule) => this with
    {
        Rules = Rules.RemoveAll(r => r.Number == rule.Number).Add(rule).Sort((a, b) => a.Number.CompareTo(b.Number)),
        HighestRule = Math.Max(HighestRule, rule.Number),
    };
}

/// <summary>One forwarding rule.</summary>
/// <param name="Number">Unique within the account, for ever.</param>
/// <param name="Condition">One of <see cref="Conditions"/>.</param>
/// <param name="Keyword">What the header field must contain; null for <see cref="Conditions.All"/>.</param>
/// <param name="Destinations">Mail addresses in alphabetical order; exactly one for <see cref="Conditions.All"/>.</param>
public sealed record ForwardingRule(int Number, string Condition, string? Keyword, IReadOnlyList<string> Destinations)
{
    /// <summary>Whether both say the same.</summary>
    public bool Equals(ForwardingRule? other) => other is not null && Number == other.Number && Condition == other.Condition
        && Keyword == other.Keyword && Destinations.SequenceEqual(other.Destinations);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Number, Condition, Keyword, Destinations.Count);
}

/// <summary>What a rule looks at.</summary>
public static class Conditions
{
    /// <summary>Nothing: every message is forwarded.</summary>
    public const string All = "all";

    /// <summary>The header field From, display name and address.</summary>
    public const string From = "from";

    /// <summary>The header field Subject.</summary>
    public const string Subject = "subject";

    /// <summary>All of them, in the order of lists.</summary>
    public static readonly IReadOnlyList<string> Known = [All, From, Subject];
}
