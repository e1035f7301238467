using Hikyaku.Platform;

namespace Hikyaku.Accounts.Domains;

/// <summary>A domain's limits as asked for (ACC-13).</summary>
/// <param name="MaxAccounts">1 to 1,000,000, postmaster included.</param>
/// <param name="MaxCapacityMb">1 to 1,000,000,000 MB, the sum over its accounts.</param>
/// <param name="DefaultCapacityMb">1 to <paramref name="MaxCapacityMb"/>.</param>
public sealed record DomainLimits(long MaxAccounts, long MaxCapacityMb, long DefaultCapacityMb)
{
    /// <summary>The most accounts of one domain.</summary>
    public const int MostAccounts = 1_000_000;

    /// <summary>The most capacity of one domain, in MB.</summary>
    public const int MostCapacityMb = 1_000_000_000;

    /// <summary>Every rule that the limits break.</summary>
    public IEnumerable<Rejection> Broken()
    {
        if (MaxAccounts is < 1 or > MostAccounts) yield return new(AccountsProblems.DomainMaxAccountsRange, "maxAccounts", ("max", MostAccounts));
        if (MaxCapacityMb is < 1 or > MostCapacityMb) yield return new(AccountsProblems.DomainMaxCapacityRange, "maxCapacityMb", ("max", MostCapacityMb));
        var most = Math.Clamp(MaxCapacityMb, 1, MostCapacityMb);
        if (DefaultCapacityMb < 1 || DefaultCapacityMb > most) yield return new(AccountsProblems.DomainDefaultCapacityRange, "defaultCapacityMb", ("max", most));
    }
}
