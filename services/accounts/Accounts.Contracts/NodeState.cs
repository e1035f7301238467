// What a mail node obeys: the whole present state of one key, never a command. Only nodes may read it
// (a virtual host of its own): the password hash is in it.

namespace Hikyaku.Accounts.Contracts;

/// <summary>The present state of one mail account as a mail node needs it.</summary>
/// <param name="AccountId">Identifies one life of an address; also names the mailbox directory.</param>
/// <param name="Address">Lower case, domain in A-labels.</param>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Life">Of two accounts with one address the one with the higher life holds it.</param>
/// <param name="PasswordHash">Argon2id in PHC format; null: nobody logs in.</param>
/// <param name="CapacityMb">Capacity in MB of 1,048,576 bytes.</param>
/// <param name="Version">The account's stream version; of two states the higher one is obeyed.</param>
/// <param name="Position">The position of the newest event this state covers in the accounts service's order.</param>
/// <param name="Deleted">A tombstone: the account is gone and does not come back.</param>
public sealed record MailboxState(
    string AccountId, string Address, string Domain, int Life, string? PasswordHash, int CapacityMb,
    long Version, long Position, bool Deleted);

/// <summary>The present state of one domain as a mail node needs it.</summary>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Served">Whether mail for it is taken.</param>
/// <param name="Version">The domain's stream version.</param>
/// <param name="Position">The position of the newest event this state covers.</param>
/// <param name="Deleted">A tombstone.</param>
public sealed record DomainState(string Domain, bool Served, long Version, long Position, bool Deleted);
