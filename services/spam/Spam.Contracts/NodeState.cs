namespace Hikyaku.Spam.Contracts;

/// <summary>What a mail node does with the mail of one account that is judged spam (SPM-2, SPM-3). It does so only while the domain's standing is in force.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="TagSubject">Whether <c>[SPAM] </c> is put before the subject.</param>
/// <param name="SortToJunk">Whether it is filed into the mailbox Junk.</param>
/// <param name="Version">Of two states the one with the higher version is obeyed.</param>
/// <param name="Position">The position of the newest event that this state covers.</param>
/// <param name="Deleted">A tombstone: the account is gone.</param>
public sealed record SpamState(string AccountId, bool TagSubject, bool SortToJunk, long Version, long Position, bool Deleted);

/// <summary>Whether the spam settings of a domain's accounts act (SPM-5). A domain that a node has not heard of is not in force.</summary>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="InForce">Whether its DNS and mail server are the platform's, or an operator says so.</param>
/// <param name="Version">Of two states the one with the higher version is obeyed.</param>
/// <param name="Position">The position of the newest event that this state covers.</param>
/// <param name="Deleted">A tombstone: the domain is gone.</param>
public sealed record DomainStandingState(string Domain, bool InForce, long Version, long Position, bool Deleted);
