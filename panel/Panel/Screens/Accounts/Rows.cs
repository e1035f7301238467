namespace Hikyaku.Panel.Screens.Accounts;

/// <summary>A row of the list of accounts.</summary>
/// <param name="Address">The address, domain in A-labels.</param>
/// <param name="Name">The part before the @.</param>
/// <param name="Domain">In A-labels.</param>
/// <param name="Comment">Null when there is none.</param>
/// <param name="CapacityMb">In MB.</param>
/// <param name="UsedMb">In MB, rounded up.</param>
/// <param name="PasswordForciblyChanged">Whether nobody knows the password (ACC-8).</param>
/// <param name="Status">The topmost restriction, or normal.</param>
public sealed record AccountRow(string Address, string Name, string Domain, string? Comment, long CapacityMb, long UsedMb, bool PasswordForciblyChanged, string? Status)
{
    /// <summary>Whether it is the account that every domain has and that cannot be deleted (ACC-4).</summary>
    public bool IsPostmaster => Name == "postmaster";
}

/// <summary>A domain with its limits and what is left of them.</summary>
/// <param name="Name">In A-labels.</param>
/// <param name="MaxAccounts">Limit of accounts.</param>
/// <param name="MaxCapacityMb">Limit of the sum of capacities.</param>
/// <param name="DefaultCapacityMb">What an account gets when its creation names none.</param>
/// <param name="Accounts">How many exist.</param>
/// <param name="CapacityMb">The sum of their capacities.</param>
/// <param name="AccountsLeft">How many more fit.</param>
/// <param name="CapacityLeftMb">How much more can be assigned.</param>
public sealed record DomainLimits(string Name, int MaxAccounts, long MaxCapacityMb, long DefaultCapacityMb, int Accounts, long CapacityMb, int AccountsLeft, long CapacityLeftMb);

/// <summary>A job that was begun.</summary>
/// <param name="Id">Its id.</param>
public sealed record JobBegun(string Id);
