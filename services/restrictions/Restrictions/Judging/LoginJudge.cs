using Hikyaku.Platform;
using Hikyaku.Restrictions.Accounts;
using Hikyaku.Restrictions.Policy;
using Hikyaku.Restrictions.Sources;

namespace Hikyaku.Restrictions.Judging;

/// <summary>The failed logins of one account from one network, within the window.</summary>
/// <param name="Network">The network.</param>
/// <param name="Distinct">How many distinct wrong passwords; the same one again counts once (RST-3).</param>
public sealed record NetworkFailures(string Network, long Distinct);

/// <summary>Whose logins are judged.</summary>
/// <param name="Account">The account.</param>
/// <param name="Known">The networks from which it logged in within 30 days.</param>
/// <param name="Standing">How it stands; null: it was never restricted.</param>
/// <param name="Now">When.</param>
public sealed record Judged(Target Account, IReadOnlyList<string> Known, AccountStanding? Standing, DateTimeOffset Now);

/// <summary>Decides about locks of accounts and networks by failed logins (RST-3); pure.</summary>
public static class LoginJudge
{
    private const int MostLockedNetworks = 50;

    /// <summary>
    /// Locks an account for each network from which very many distinct wrong passwords came; or, when they come from many networks that are
    /// not known, for all of those. Networks that are known stay open then.
    /// </summary>
    public static IEnumerable<AccountRestricted> Judge(Judged about, Thresholds thresholds, IReadOnlyList<NetworkFailures> failures, Func<string> reference)
    {
        ArgumentNullException.ThrowIfNull(about);
        ArgumentNullException.ThrowIfNull(thresholds);
        ArgumentNullException.ThrowIfNull(failures);
        ArgumentNullException.ThrowIfNull(reference);
        var locks = about.Standing?.Restrictions.FindAll(r => r.Kind == Kinds.AccountLocked) ?? [];
        // A lock of the whole account is none for the networks that it leaves open: guesses from there still count.
        var whole = locks.Find(l => l.Network is null);
        if (whole is not null) failures = [.. failures.Where(f => whole.KnownNetworks.Contains(f.Network))];

        var strangers = failures.Where(f => !about.Known.Contains(f.Network) && !Networks.IsShared(f.Network, thresholds.SharedFetchers)).ToList();
        var (guesses, minutes) = (strangers.Sum(f => f.Distinct), thresholds[PolicyNumbers.WrongPasswordMinutes]);
        if (whole is null && guesses >= thresholds[PolicyNumbers.DistributedPasswords] && strangers.Count >= thresholds[PolicyNumbers.DistributedNetworks])
        {
            var evidence = new Evidence(
                thresholds.Version,
                [
                    new("distinct-wrong-passwords", guesses, thresholds[PolicyNumbers.DistributedPasswords], Minutes: minutes),
                    new("networks", strangers.Count, thresholds[PolicyNumbers.DistributedNetworks], Minutes: minutes),
                ],
                Networks: Some(strangers.Select(f => f.Network)));
            yield return Lock(about, thresholds, null, Rules.DistributedGuessing, evidence, reference());
            yield break;
        }

        foreach (var failure in failures.Where(f => f.Distinct >= thresholds[PolicyNumbers.WrongPasswords]))
        {
            if (locks.Count >= MostLockedNetworks) yield break;
            if (locks.Exists(l => l.Network == failure.Network) || Networks.IsShared(failure.Network, thresholds.SharedFetchers)) continue;
            var evidence = new Evidence(thresholds.Version, [new("distinct-wrong-passwords", failure.Distinct, thresholds[PolicyNumbers.WrongPasswords], Minutes: minutes)], Networks: [failure.Network]);
            yield return Lock(about, thresholds, failure.Network, Rules.WrongPasswords, evidence, reference());
        }
    }

    /// <summary>Stops a network that fails on many accounts which do not know it.</summary>
    /// <param name="network">The network.</param>
    /// <param name="accounts">The ids of some accounts on which it failed.</param>
    /// <param name="failedOn">On how many login names, of accounts or not.</param>
    /// <param name="known">The accounts that know it.</param>
    /// <param name="standing">How it stands.</param>
    /// <param name="thresholds">What counts.</param>
    /// <param name="reference">The stop's.</param>
    /// <param name="now">When.</param>
    public static SourceStopped? JudgeSource(
        string network, IReadOnlyList<string> accounts, long failedOn, IReadOnlyList<string> known, SourceStanding? standing, Thresholds thresholds, string reference, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(thresholds);
        if (standing?.Until is not null || failedOn < thresholds[PolicyNumbers.SprayedAccounts] || Networks.IsShared(network, thresholds.SharedFetchers)) return null;
        var earlier = standing?.ReleasedAt > now.AddDays(-1) ? standing.Stops : 0;
        var evidence = new Evidence(thresholds.Version, [new("accounts", failedOn, thresholds[PolicyNumbers.SprayedAccounts], Minutes: thresholds[PolicyNumbers.WrongPasswordMinutes])], Samples: Some(accounts));
        return new(network, reference, now + Grown(TimeSpan.FromMinutes(thresholds[PolicyNumbers.SourceMinutes]), earlier, TimeSpan.FromDays(1)), evidence.Text, known, now);
    }

    /// <summary>Twice as long for each one before, up to the longest.</summary>
    internal static TimeSpan Grown(TimeSpan first, int earlier, TimeSpan longest)
    {
        var length = first;
        for (var i = 0; i < earlier && length < longest; i++) length *= 2;
        return length < longest ? length : longest > first ? longest : first;
    }

    private static AccountRestricted Lock(Judged about, Thresholds thresholds, string? network, string rule, Evidence evidence, string reference)
    {
        var earlier = about.Standing?.EndsOf(Kinds.AccountLocked, network, about.Now.AddDays(-1)) ?? 0;
        var length = Grown(TimeSpan.FromMinutes(thresholds[PolicyNumbers.LockMinutes]), earlier, TimeSpan.FromMinutes(thresholds[PolicyNumbers.LongestLockMinutes]));
        return new(
            about.Account.AccountId, about.Account.Address, about.Account.Domain, Kinds.AccountLocked, reference, rule, network,
            network is null ? [.. about.Known.Concat(Networks.Own).Concat(Networks.Named(thresholds.SharedFetchers)).Distinct()] : [], Reason: null, evidence.Text, about.Now + length, about.Now);
    }

    private static IReadOnlyList<string> Some(IEnumerable<string> all) => [.. all.Order(StringComparer.Ordinal).Take(20)];
}
