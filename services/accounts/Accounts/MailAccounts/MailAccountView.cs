namespace Hikyaku.Accounts.MailAccounts;

/// <summary>A mail account as the API shows it.</summary>
/// <param name="Address">Lower case, domain in A-labels.</param>
/// <param name="Name">The part before the @.</param>
/// <param name="Domain">In A-labels.</param>
/// <param name="Comment">Absent when there is none, and always for the account's user.</param>
/// <param name="CapacityMb">In MB of 1,048,576 bytes.</param>
/// <param name="UsedMb">What the mailbox takes now, rounded up; absent in settings of an earlier time.</param>
/// <param name="CreatedAt">When it was created.</param>
/// <param name="PasswordForciblyChanged">Whether the password was replaced by one that nobody knows, and none was set since (ACC-8).</param>
/// <param name="InForce">Whether every serving mail node obeys the newest state (NOD-5); absent in lists and in settings of an earlier time.</param>
/// <param name="Warnings">What was done although it is not advisable; only in the answer to a change, and only when there is something.</param>
/// <param name="Reception">Whether new mail is stored. In lists; of one account the routing service says it, and so the next two.</param>
/// <param name="Forwarding">Whether mail is forwarded.</param>
/// <param name="Autoreply">Whether senders get a reply.</param>
/// <param name="Spam">What is done with spam. In lists; of one account the spam service says it.</param>
/// <param name="Status">The topmost restriction (RST-1), or normal. In lists; of one account the restrictions service says it, and so the next.</param>
/// <param name="Restrictions">Those that hold.</param>
public sealed record MailAccountView(
    string Address, string Name, string Domain, string? Comment, int CapacityMb, long? UsedMb, DateTimeOffset CreatedAt, bool PasswordForciblyChanged,
    bool? InForce, IReadOnlyList<Warning>? Warnings = null, bool? Reception = null, bool? Forwarding = null, bool? Autoreply = null, SpamSwitchesView? Spam = null,
    string? Status = null, IReadOnlyList<RestrictionKindView>? Restrictions = null)
{
    private const long BytesPerMb = 1_048_576;

    /// <summary>Shows an account.</summary>
    /// <param name="account">The account.</param>
    /// <param name="usedBytes">What its mailbox takes.</param>
    /// <param name="inForce">Null where it is not computed (lists).</param>
    /// <param name="forUser">Whether the account's own user reads it.</param>
    public static MailAccountView Of(MailAccount account, long usedBytes, bool? inForce, bool forUser) => new(
        account.Address, account.Address[..account.Address.LastIndexOf('@')], account.Domain, forUser ? null : account.Comment,
        account.CapacityMb, UsedMbOf(usedBytes), account.CreatedAt, account.PasswordForciblyChanged, inForce);

    /// <summary>Shows an account's settings at an earlier time.</summary>
    /// <param name="account">The account as it was.</param>
    /// <param name="forUser">Whether the account's own user reads it.</param>
    public static MailAccountView Then(MailAccount account, bool forUser) => Of(account, 0, null, forUser) with { UsedMb = null };

    /// <summary>Bytes in MB, rounded up.</summary>
    public static long UsedMbOf(long bytes) => (bytes + BytesPerMb - 1) / BytesPerMb;
}

/// <summary>A restriction in a list.</summary>
/// <param name="Kind">compromise-suspected, account-locked, sending-locked or over-capacity.</param>
public sealed record RestrictionKindView(string Kind);

/// <summary>What is done with an account's mail that is judged spam.</summary>
/// <param name="TagSubject">Whether its subject is marked.</param>
/// <param name="SortToJunk">Whether it is filed into Junk.</param>
public sealed record SpamSwitchesView(bool TagSubject, bool SortToJunk);
