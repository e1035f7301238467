using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Operations.Policy;

/// <summary>The words of a policy's values, in the order in which they are shown.</summary>
public static class PolicyWords
{
    private static readonly string[] LoginNames =
    [
        "wrongPasswords", "wrongPasswordMinutes", "lockMinutes", "longestLockMinutes", "distributedPasswords", "distributedNetworks", "sprayedAccounts",
        "sourceMinutes",
    ];

    private static readonly string[] SendingNames =
    [
        "recipientsPerHour", "recipientsPerDay", "firstTimePerDay", "domainRecipientsPerDay", "pastTimes", "sendingLockHours", "longestSendingLockHours",
    ];

    private static readonly string[] CompromiseNames =
    [
        "compromiseSum", "newNetworkWeight", "guessedWeight", "guessedAfter", "networksWeight", "networksPerHour", "firstTimeWeight", "firstTimePerHour",
        "abovePastWeight", "abovePastTimes", "abovePastRecipients", "failedWeight", "failedPerHour", "spamWeight", "spamPerHour",
    ];

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<string> Names = [.. LoginNames, .. SendingNames, .. CompromiseNames];

    /// <summary>What they decide, with their names.</summary>
    public static IReadOnlyList<(string Title, IReadOnlyList<string> Names)> Groups
        => [(PolicyTexts.Logins, LoginNames), (PolicyTexts.Sending, SendingNames), (PolicyTexts.Compromise, CompromiseNames)];

    /// <summary>What a value is called.</summary>
    public static string Name(string name) => name switch
    {
        "wrongPasswords" => PolicyTexts.ValueWrongPasswords,
        "wrongPasswordMinutes" => PolicyTexts.ValueWrongPasswordMinutes,
        "lockMinutes" => PolicyTexts.ValueLockMinutes,
        "longestLockMinutes" => PolicyTexts.ValueLongestLockMinutes,
        "distributedPasswords" => PolicyTexts.ValueDistributedPasswords,
        "distributedNetworks" => PolicyTexts.ValueDistributedNetworks,
        "sprayedAccounts" => PolicyTexts.ValueSprayedAccounts,
        "sourceMinutes" => PolicyTexts.ValueSourceMinutes,
        "recipientsPerHour" => PolicyTexts.ValueRecipientsPerHour,
        "recipientsPerDay" => PolicyTexts.ValueRecipientsPerDay,
        "firstTimePerDay" => PolicyTexts.ValueFirstTimePerDay,
        "domainRecipientsPerDay" => PolicyTexts.ValueDomainRecipientsPerDay,
        "pastTimes" => PolicyTexts.ValuePastTimes,
        "sendingLockHours" => PolicyTexts.ValueSendingLockHours,
        "longestSendingLockHours" => PolicyTexts.ValueLongestSendingLockHours,
        "compromiseSum" => PolicyTexts.ValueCompromiseSum,
        "newNetworkWeight" => PolicyTexts.ValueNewNetworkWeight,
        "guessedWeight" => PolicyTexts.ValueGuessedWeight,
        "guessedAfter" => PolicyTexts.ValueGuessedAfter,
        "networksWeight" => PolicyTexts.ValueNetworksWeight,
        "networksPerHour" => PolicyTexts.ValueNetworksPerHour,
        "firstTimeWeight" => PolicyTexts.ValueFirstTimeWeight,
        "firstTimePerHour" => PolicyTexts.ValueFirstTimePerHour,
        "abovePastWeight" => PolicyTexts.ValueAbovePastWeight,
        "abovePastTimes" => PolicyTexts.ValueAbovePastTimes,
        "abovePastRecipients" => PolicyTexts.ValueAbovePastRecipients,
        "failedWeight" => PolicyTexts.ValueFailedWeight,
        "failedPerHour" => PolicyTexts.ValueFailedPerHour,
        "spamWeight" => PolicyTexts.ValueSpamWeight,
        "spamPerHour" => PolicyTexts.ValueSpamPerHour,
        _ => name, // one of a later release
    };

    /// <summary>In what a value is measured; null: it is a number of something.</summary>
    public static string? Unit(string name) => name switch
    {
        "wrongPasswordMinutes" or "lockMinutes" or "longestLockMinutes" or "sourceMinutes" => PolicyTexts.Minutes,
        "sendingLockHours" or "longestSendingLockHours" => PolicyTexts.Hours,
        "pastTimes" or "abovePastTimes" => PolicyTexts.Times,
        _ => null,
    };

    /// <summary>What a change made different, in words.</summary>
    /// <param name="before">What the policy set before; null: nothing.</param>
    /// <param name="after">What it sets since.</param>
    public static IReadOnlyList<string> Differences(PolicyChangeData? before, PolicyChangeData after)
    {
        ArgumentNullException.ThrowIfNull(after);
        List<string> all = [.. Names.Select(n => (Name: n, Before: Value(before, n), After: Value(after, n))).Where(v => v.Before != v.After).Select(v => Format.Fill(PolicyTexts.Difference1, Name(v.Name), v.Before, v.After))];
        var (had, has) = (string.Join(", ", before?.SharedFetchers ?? []), string.Join(", ", after.SharedFetchers ?? []));
        if (had != has) all.Add(Format.Fill(PolicyTexts.Difference1, PolicyTexts.SharedFetchers, had.Length > 0 ? had : "–", has.Length > 0 ? has : "–"));
        return all.Count > 0 ? all : [PolicyTexts.NothingElse];
    }

    private static string Value(PolicyChangeData? data, string name) => data?.Values?.TryGetValue(name, out var value) == true ? Format.Number(value) : PolicyTexts.Inherited;
}
