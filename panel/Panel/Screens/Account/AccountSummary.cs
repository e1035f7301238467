namespace Hikyaku.Panel.Screens.Account;

/// <summary>An account with the summary of every setting, from one call; what a service that is away would say is null and named.</summary>
/// <param name="Address">The address, domain in A-labels.</param>
/// <param name="Name">The part before the @.</param>
/// <param name="Domain">In A-labels.</param>
/// <param name="Comment">Never there for the account's user (ACC-3).</param>
/// <param name="CapacityMb">In MB.</param>
/// <param name="UsedMb">In MB, rounded up.</param>
/// <param name="PasswordForciblyChanged">Whether nobody knows the password (ACC-8).</param>
/// <param name="Reception">Whether new mail is stored.</param>
/// <param name="Forwarding">Whether mail is forwarded.</param>
/// <param name="Autoreply">Whether senders get a reply.</param>
/// <param name="Spam">What is done with spam.</param>
/// <param name="Status">The topmost restriction, or normal.</param>
/// <param name="Restrictions">Those that hold.</param>
/// <param name="InForce">Whether every serving mail node obeys the newest state (NOD-5).</param>
/// <param name="Unavailable">The services that did not answer.</param>
public sealed record AccountSummary(
    string Address, string Name, string Domain, string? Comment, long CapacityMb, long UsedMb, bool PasswordForciblyChanged,
    bool? Reception, bool? Forwarding, bool? Autoreply, SpamSwitches? Spam, string? Status, IReadOnlyList<RestrictionNow>? Restrictions,
    bool InForce, IReadOnlyList<string>? Unavailable)
{
    /// <summary>Whether it is the account that every domain has and that cannot be deleted (ACC-4).</summary>
    public bool IsPostmaster => Name == "postmaster";
}

/// <summary>What is done with mail that is judged spam.</summary>
/// <param name="TagSubject">Whether its subject is marked.</param>
/// <param name="SortToJunk">Whether it is filed into Junk.</param>
public sealed record SpamSwitches(bool TagSubject, bool SortToJunk);

/// <summary>A restriction that holds.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Since">When it began.</param>
/// <param name="Until">When it ends by itself; null when it does not, or when that is not told.</param>
public sealed record RestrictionNow(string Kind, DateTimeOffset? Since, DateTimeOffset? Until);
