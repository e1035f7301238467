namespace Hikyaku.Panel.Screens.Operations.Policy;

/// <summary>A restriction policy as operators read it (RST-5).</summary>
/// <param name="Values">What counts, by name.</param>
/// <param name="Inherited">The names of those that this policy does not set.</param>
/// <param name="SharedFetchers">Networks that many people share.</param>
/// <param name="Version">Restrictions name it with what they follow from.</param>
public sealed record PolicyNow(IReadOnlyDictionary<string, int> Values, IReadOnlyList<string> Inherited, IReadOnlyList<string> SharedFetchers, string Version)
{
    /// <summary>What this policy itself sets; null: it is inherited.</summary>
    public int? Own(string name) => Values.TryGetValue(name, out var value) && !Inherited.Contains(name) ? value : null;
}

/// <summary>A change of a policy.</summary>
/// <param name="At">When.</param>
/// <param name="By">Who made it.</param>
/// <param name="Data">What it set.</param>
public sealed record PolicyChange(DateTimeOffset At, PolicyChanger By, PolicyChangeData Data);

/// <summary>Who changed a policy.</summary>
public sealed record PolicyChanger(string Login);

/// <summary>What a change set.</summary>
/// <param name="Values">What the policy sets since then, by name.</param>
/// <param name="SharedFetchers">Networks that many people share.</param>
/// <param name="Reason">The operator's.</param>
public sealed record PolicyChangeData(IReadOnlyDictionary<string, int>? Values, IReadOnlyList<string>? SharedFetchers, string? Reason);

/// <summary>Who would have been restricted.</summary>
/// <param name="From">From when on.</param>
/// <param name="To">Until when.</param>
/// <param name="Facts">How many facts were tried.</param>
/// <param name="Accounts">How many accounts the typed values would have restricted.</param>
/// <param name="NowAccounts">How many the present ones would have.</param>
/// <param name="Items">What would have been decided, the oldest first.</param>
public sealed record Trial(DateTimeOffset From, DateTimeOffset To, long Facts, int Accounts, int NowAccounts, IReadOnlyList<TrialRow> Items);

/// <summary>One restriction that would have been.</summary>
/// <param name="Account">The account's address.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Since">From when on.</param>
/// <param name="Until">Until when; null: until its password would have been changed.</param>
/// <param name="NowAlso">Whether the present values restrict the account in this way, too.</param>
/// <param name="OtherSigns">Whether the account shows other signs of abuse.</param>
public sealed record TrialRow(string Account, string Kind, DateTimeOffset Since, DateTimeOffset? Until, bool NowAlso, bool OtherSigns);
