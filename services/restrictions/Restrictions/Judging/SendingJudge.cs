using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Policy;

namespace Hikyaku.Restrictions.Judging;

/// <summary>What an account sent, and how it was used. Hours and days are those before now, without what came before the last restriction ended.</summary>
/// <param name="Hour">Recipients within an hour.</param>
/// <param name="Day">Recipients within a day.</param>
/// <param name="FirstTimeHour">Of those of an hour, to whom the account never wrote before.</param>
/// <param name="FirstTimeDay">The same of a day.</param>
/// <param name="DomainDay">Recipients within a day of all accounts of the domain.</param>
/// <param name="BestPastDay">The most recipients known by then that it had on one of the 30 days before.</param>
/// <param name="UsualDay">Its recipients on an average day of those.</param>
/// <param name="HasPast">Whether it sent anything before the last day: what is new is no sign of an account that is new itself.</param>
/// <param name="FailedHour">Recipients that other servers refused within an hour.</param>
/// <param name="SpamHour">Messages that were judged spam within an hour.</param>
/// <param name="WrongPasswordsHour">Distinct wrong passwords within an hour.</param>
/// <param name="NewNetworks">Networks that were first used within a day, and that it logged in from.</param>
/// <param name="NetworksHour">From how many networks it logged in within an hour.</param>
/// <param name="SendingNetworks">From which networks it sent within a day.</param>
public sealed record SendingCounts(
    long Hour, long Day, long FirstTimeHour, long FirstTimeDay, long DomainDay, long BestPastDay, long UsualDay, bool HasPast, long FailedHour, long SpamHour,
    long WrongPasswordsHour, IReadOnlyList<string> NewNetworks, long NetworksHour, IReadOnlyList<string> SendingNetworks);

/// <summary>Decides about locks of sending and suspected compromises (RST-4, RST-5); pure.</summary>
public static class SendingJudge
{
    private const int Hour = 60, Day = 24 * 60; // in minutes

    /// <summary>One of each kind at most, and none of a kind that holds.</summary>
    public static IEnumerable<AccountRestricted> Judge(Judged about, Thresholds thresholds, SendingCounts counts, Func<string> reference)
    {
        ArgumentNullException.ThrowIfNull(about);
        ArgumentNullException.ThrowIfNull(thresholds);
        ArgumentNullException.ThrowIfNull(counts);
        ArgumentNullException.ThrowIfNull(reference);
        if (!Holds(about, Kinds.SendingLocked) && TooMuch(thresholds, counts) is { } sign)
        {
            var earlier = about.Standing?.EndsOf(Kinds.SendingLocked, null, about.Now.AddDays(-30)) ?? 0;
            var length = LoginJudge.Grown(
                TimeSpan.FromHours(thresholds[PolicyNumbers.SendingLockHours]), earlier, TimeSpan.FromHours(thresholds[PolicyNumbers.LongestSendingLockHours]));
            yield return Of(about, Kinds.SendingLocked, sign.Name, new(thresholds.Version, [sign], Networks: counts.SendingNetworks), reference(), about.Now + length);
        }

        if (Holds(about, Kinds.CompromiseSuspected)) yield break;
        var signs = Signs(thresholds, counts).Where(s => s.Value >= s.Limit && s.Weight > 0).ToList();
        var sum = signs.Sum(s => s.Weight!.Value);
        if (sum < thresholds[PolicyNumbers.CompromiseSum]) yield break;
        var networks = counts.NewNetworks.Count > 0 ? counts.NewNetworks : counts.SendingNetworks;
        yield return Of(
            about, Kinds.CompromiseSuspected, Rules.CompromiseSigns, new(thresholds.Version, signs, sum, thresholds[PolicyNumbers.CompromiseSum], networks), reference(), until: null);
    }

    // Whoever always sends much to people they know may go on doing so.
    private static Sign? TooMuch(Thresholds thresholds, SendingCounts counts)
    {
        var own = thresholds[PolicyNumbers.PastTimes] * counts.BestPastDay;
        Sign[] all =
        [
            new(Rules.FirstTimePerDay, counts.FirstTimeDay, thresholds[PolicyNumbers.FirstTimePerDay], Minutes: Day),
            new(Rules.RecipientsPerHour, counts.Hour, Math.Max(thresholds[PolicyNumbers.RecipientsPerHour], own), counts.BestPastDay, Minutes: Hour),
            new(Rules.RecipientsPerDay, counts.Day, Math.Max(thresholds[PolicyNumbers.RecipientsPerDay], own), counts.BestPastDay, Minutes: Day),
            new(Rules.DomainRecipientsPerDay, counts.DomainDay, thresholds[PolicyNumbers.DomainRecipientsPerDay], Minutes: Day),
        ];
        return all.FirstOrDefault(s => s.Value > s.Limit);
    }

    /// <summary>All signs of a compromise, also those that do not count.</summary>
    internal static IEnumerable<Sign> Signs(Thresholds t, SendingCounts counts)
    {
        yield return new("new-network", counts.NewNetworks.Count, 1, Weight: t[PolicyNumbers.NewNetworkWeight], Minutes: Day);
        if (counts.NewNetworks.Count > 0) yield return new("guessed-password", counts.WrongPasswordsHour, t[PolicyNumbers.GuessedAfter], Weight: t[PolicyNumbers.GuessedWeight], Minutes: Hour);
        yield return new("several-networks", counts.NetworksHour, t[PolicyNumbers.NetworksPerHour], Weight: t[PolicyNumbers.NetworksWeight], Minutes: Hour);
        if (counts.HasPast) yield return new("first-time-recipients", counts.FirstTimeHour, t[PolicyNumbers.FirstTimePerHour], Weight: t[PolicyNumbers.FirstTimeWeight], Minutes: Hour);
        if (counts.HasPast) yield return new(
            "above-past", counts.Hour, Math.Max(t[PolicyNumbers.AbovePastRecipients], t[PolicyNumbers.AbovePastTimes] * counts.UsualDay), counts.UsualDay, t[PolicyNumbers.AbovePastWeight], Hour);
        yield return new("failed-recipients", counts.FailedHour, t[PolicyNumbers.FailedPerHour], Weight: t[PolicyNumbers.FailedWeight], Minutes: Hour);
        yield return new("spam", counts.SpamHour, t[PolicyNumbers.SpamPerHour], Weight: t[PolicyNumbers.SpamWeight], Minutes: Hour);
    }

    private static bool Holds(Judged about, string kind) => about.Standing?.Restrictions.Exists(r => r.Kind == kind) == true;

    private static AccountRestricted Of(Judged about, string kind, string rule, Evidence evidence, string reference, DateTimeOffset? until) => new(
        about.Account.AccountId, about.Account.Address, about.Account.Domain, kind, reference, rule, Network: null, KnownNetworks: [], Reason: null, evidence.Text, until, about.Now);
}
