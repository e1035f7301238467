using System.Collections.Immutable;

namespace Hikyaku.Restrictions.Policy;

/// <summary>A threshold or weight that an operator sets (RST-4, RST-5).</summary>
/// <param name="Name">Under which it stands in the policy.</param>
/// <param name="Default">What counts while nobody has set it.</param>
/// <param name="Min">The lowest value.</param>
/// <param name="Max">The highest value.</param>
public sealed record PolicyNumber(string Name, int Default, int Min, int Max);

/// <summary>All numbers of a policy.</summary>
public static class PolicyNumbers
{
    /// <summary>Distinct wrong passwords for one account from one network, within <see cref="WrongPasswordMinutes"/>, that lock it for that network.</summary>
    public static readonly PolicyNumber WrongPasswords = new("wrongPasswords", 10, 2, 1000);

    /// <summary>The window of failed logins.</summary>
    public static readonly PolicyNumber WrongPasswordMinutes = new("wrongPasswordMinutes", 10, 1, 1440);

    /// <summary>How long the first lock is; each further one within a day is twice as long.</summary>
    public static readonly PolicyNumber LockMinutes = new("lockMinutes", 5, 1, 1440);

    /// <summary>How long a lock is at most.</summary>
    public static readonly PolicyNumber LongestLockMinutes = new("longestLockMinutes", 60, 1, 10080);

    /// <summary>Distinct wrong passwords from networks that are not known, which lock the account for all of those.</summary>
    public static readonly PolicyNumber DistributedPasswords = new("distributedPasswords", 30, 5, 10000);

    /// <summary>From how many networks those must come.</summary>
    public static readonly PolicyNumber DistributedNetworks = new("distributedNetworks", 5, 2, 1000);

    /// <summary>On how many accounts that do not know it a network must fail to be stopped.</summary>
    public static readonly PolicyNumber SprayedAccounts = new("sprayedAccounts", 10, 2, 10000);

    /// <summary>How long a network is stopped first.</summary>
    public static readonly PolicyNumber SourceMinutes = new("sourceMinutes", 30, 1, 10080);

    /// <summary>Recipients within an hour that lock sending.</summary>
    public static readonly PolicyNumber RecipientsPerHour = new("recipientsPerHour", 500, 1, 10_000_000);

    /// <summary>Recipients within a day that lock sending.</summary>
    public static readonly PolicyNumber RecipientsPerDay = new("recipientsPerDay", 1000, 1, 10_000_000);

    /// <summary>Recipients within a day that the account never wrote to before.</summary>
    public static readonly PolicyNumber FirstTimePerDay = new("firstTimePerDay", 200, 1, 10_000_000);

    /// <summary>Recipients within a day of all accounts of a domain.</summary>
    public static readonly PolicyNumber DomainRecipientsPerDay = new("domainRecipientsPerDay", 20_000, 1, 100_000_000);

    /// <summary>How many times what the account sent to known recipients on its best day of the last 30 it may send again.</summary>
    public static readonly PolicyNumber PastTimes = new("pastTimes", 2, 0, 100);

    /// <summary>How long sending is locked first; each further lock within 30 days is twice as long.</summary>
    public static readonly PolicyNumber SendingLockHours = new("sendingLockHours", 24, 1, 720);

    /// <summary>How long sending is locked at most.</summary>
    public static readonly PolicyNumber LongestSendingLockHours = new("longestSendingLockHours", 96, 1, 2160);

    /// <summary>The sum of weights from which a compromise is suspected.</summary>
    public static readonly PolicyNumber CompromiseSum = new("compromiseSum", 100, 1, 1000);

    /// <summary>Weight: it logged in from a network that it first used within a day.</summary>
    public static readonly PolicyNumber NewNetworkWeight = new("newNetworkWeight", 25, 0, 1000);

    /// <summary>Weight: a right password from such a network after failures within the hour.</summary>
    public static readonly PolicyNumber GuessedWeight = new("guessedWeight", 40, 0, 1000);

    /// <summary>How many distinct wrong passwords come before it.</summary>
    public static readonly PolicyNumber GuessedAfter = new("guessedAfter", 5, 1, 1000);

    /// <summary>Weight: logins from several networks within an hour.</summary>
    public static readonly PolicyNumber NetworksWeight = new("networksWeight", 30, 0, 1000);

    /// <summary>From how many.</summary>
    public static readonly PolicyNumber NetworksPerHour = new("networksPerHour", 4, 2, 1000);

    /// <summary>Weight: recipients within an hour that the account never wrote to before.</summary>
    public static readonly PolicyNumber FirstTimeWeight = new("firstTimeWeight", 40, 0, 1000);

    /// <summary>How many.</summary>
    public static readonly PolicyNumber FirstTimePerHour = new("firstTimePerHour", 30, 1, 100_000);

    /// <summary>Weight: it sends far above its own past.</summary>
    public static readonly PolicyNumber AbovePastWeight = new("abovePastWeight", 40, 0, 1000);

    /// <summary>How many times the recipients of its usual day within one hour.</summary>
    public static readonly PolicyNumber AbovePastTimes = new("abovePastTimes", 5, 1, 1000);

    /// <summary>And at least how many recipients.</summary>
    public static readonly PolicyNumber AbovePastRecipients = new("abovePastRecipients", 30, 1, 100_000);

    /// <summary>Weight: recipients that other servers refused within an hour.</summary>
    public static readonly PolicyNumber FailedWeight = new("failedWeight", 40, 0, 1000);

    /// <summary>How many.</summary>
    public static readonly PolicyNumber FailedPerHour = new("failedPerHour", 10, 1, 100_000);

    /// <summary>Weight: messages within an hour that the spam filter judged spam.</summary>
    public static readonly PolicyNumber SpamWeight = new("spamWeight", 40, 0, 1000);

    /// <summary>How many.</summary>
    public static readonly PolicyNumber SpamPerHour = new("spamPerHour", 3, 1, 100_000);

    /// <summary>All of them, in the order in which they are shown.</summary>
    public static readonly IReadOnlyList<PolicyNumber> All =
    [
        WrongPasswords, WrongPasswordMinutes, LockMinutes, LongestLockMinutes, DistributedPasswords, DistributedNetworks, SprayedAccounts, SourceMinutes,
        RecipientsPerHour, RecipientsPerDay, FirstTimePerDay, DomainRecipientsPerDay, PastTimes, SendingLockHours, LongestSendingLockHours,
        CompromiseSum, NewNetworkWeight, GuessedWeight, GuessedAfter, NetworksWeight, NetworksPerHour, FirstTimeWeight, FirstTimePerHour,
        AbovePastWeight, AbovePastTimes, AbovePastRecipients, FailedWeight, FailedPerHour, SpamWeight, SpamPerHour,
    ];
}

/// <summary>The thresholds that count for an account: the domain's, else the platform's, else the defaults.</summary>
/// <param name="Version">Of the platform's policy and the domain's, like 3 or 3.1: restrictions name it.</param>
/// <param name="Set">What is set, by name.</param>
/// <param name="SharedFetchers">Networks of webmail and other fetchers that many people share, which are never locked out (RST-3).</param>
public sealed record Thresholds(string Version, ImmutableSortedDictionary<string, int> Set, IReadOnlyList<System.Net.IPNetwork> SharedFetchers)
{
    /// <summary>Nothing is set.</summary>
    public static readonly Thresholds Defaults = new("0", ImmutableSortedDictionary<string, int>.Empty, []);

    /// <summary>One of the numbers.</summary>
    public int this[PolicyNumber number] => Set.TryGetValue(number.Name, out var value) ? value : number.Default;
}
