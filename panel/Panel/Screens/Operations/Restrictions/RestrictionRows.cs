namespace Hikyaku.Panel.Screens.Operations.Restrictions;

/// <summary>A restriction in the queue.</summary>
/// <param name="Account">The account's address.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends by itself; null when it does not.</param>
/// <param name="EndedAt">When it ended; null while it holds.</param>
/// <param name="EndedBy">operator, time or password-changed.</param>
/// <param name="Rule">What it follows from.</param>
/// <param name="Counted">What the rule had counted; null when it counts nothing.</param>
public sealed record RestrictionRow(
    string Account, string Kind, DateTimeOffset Since, DateTimeOffset? Until, DateTimeOffset? EndedAt, string? EndedBy, string? Rule, CountedSigns? Counted)
{
    /// <summary>Names it among chosen rows.</summary>
    public string Key => new RestrictionKey(Kind, Account).ToString();
}

/// <summary>What a rule had counted when it restricted somebody.</summary>
/// <param name="Policy">The policy's version.</param>
/// <param name="Signs">What was counted.</param>
/// <param name="Sum">Of the weights; null where one sign is enough.</param>
/// <param name="Threshold">From which sum.</param>
/// <param name="Networks">From which networks it was done.</param>
public sealed record CountedSigns(string? Policy, IReadOnlyList<CountedSign>? Signs, int? Sum, int? Threshold, IReadOnlyList<string>? Networks);

/// <summary>Something that was counted.</summary>
/// <param name="Name">What.</param>
/// <param name="Value">How many.</param>
/// <param name="Limit">From how many on it counts.</param>
/// <param name="Usual">How many are usual for the account.</param>
/// <param name="Weight">How much it adds; null where it is enough by itself.</param>
/// <param name="Minutes">The time in which it was counted; null in old evidence.</param>
public sealed record CountedSign(string Name, long Value, long Limit, long? Usual, int? Weight, int? Minutes)
{
    /// <summary>Whether it counted.</summary>
    public bool Counts => Value >= Limit;
}

/// <summary>All restrictions of one kind of an account: what is lifted together.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Account">The account's address.</param>
public sealed record RestrictionKey(string Kind, string Account)
{
    /// <summary>Reads what <see cref="ToString"/> writes; null when it is nothing that can be lifted.</summary>
    public static RestrictionKey? Read(string? text)
        => text?.Split('/', 2) is [var kind, { Length: > 0 } account] && RestrictionWords.Placed.Contains(kind) ? new(kind, account) : null;

    /// <inheritdoc/>
    public override string ToString() => $"{Kind}/{Account}";
}

/// <summary>What restricts an account, with evidence.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Since">When the first one began.</param>
/// <param name="Until">When the last one ends by itself.</param>
/// <param name="Evidence">What each follows from.</param>
public sealed record HeldRestriction(string Kind, DateTimeOffset? Since, DateTimeOffset? Until, IReadOnlyList<HeldEvidence>? Evidence);

/// <summary>What a restriction that holds follows from.</summary>
/// <param name="Reference">The restriction's, for support.</param>
/// <param name="Rule">A rule of the policy, or operator.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends by itself.</param>
/// <param name="Network">From which network only; null: from everywhere.</param>
/// <param name="Reason">The operator's.</param>
/// <param name="Counted">What the rule had counted.</param>
public sealed record HeldEvidence(string Reference, string Rule, DateTimeOffset Since, DateTimeOffset? Until, string? Network, string? Reason, CountedSigns? Counted);
