// What a mail node obeys: the whole present state of one key, never a command. And what it is asked. Only nodes may read it
// (a virtual host of its own): password hashes and private keys are in it.

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
/// <param name="Deleted">A tombstone: the account is gone and does not come back. Its mail and what waits for it is erased.</param>
/// <param name="HomeNode">The node that keeps its mail; null: the node that reads this.</param>
/// <param name="MailDeletion">The deletion of its mail data that is under way (ACC-6); null: none.</param>
public sealed record MailboxState(
    string AccountId, string Address, string Domain, int Life, string? PasswordHash, int CapacityMb,
    long Version, long Position, bool Deleted, string? HomeNode = null, MailDeletion? MailDeletion = null);

/// <summary>A mailbox is to be emptied: what was saved in its folders before it was asked for, and nothing that came later, whenever a node reads this.</summary>
/// <param name="JobId">The job that a node reports to.</param>
/// <param name="RequestedAt">When it was asked for, by the accounts service's clock.</param>
public sealed record MailDeletion(string JobId, DateTimeOffset RequestedAt);

/// <summary>
/// Asks the mailboxes' node to measure them now and to tell it (<c>MailboxUsageMeasured</c> with this request), whether they have
/// changed or not. Not a state: who did not hear it is asked again.
/// </summary>
/// <param name="RequestId">Comes back with the answer.</param>
/// <param name="AccountIds">At most 2,000.</param>
public sealed record MailboxMeasurementAsked(string RequestId, IReadOnlyList<string> AccountIds);

/// <summary>The present state of one mail node as the others need it: where they hand on what belongs there.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Host">Its host name or IP address.</param>
/// <param name="ImapPort">IMAP for the other nodes.</param>
/// <param name="Pop3Port">POP3 for the other nodes.</param>
/// <param name="LmtpPort">LMTP for the other nodes.</param>
/// <param name="Version">The node's stream version.</param>
/// <param name="Position">The position of the newest event this state covers.</param>
/// <param name="Deleted">A tombstone: the node was retired.</param>
/// <param name="QuotaPort">Where its Dovecot says whether a mailbox has space (quota-status); 0: not told.</param>
public sealed record MailNodeState(
    string Node, string Host, int ImapPort, int Pop3Port, int LmtpPort, long Version, long Position, bool Deleted, int QuotaPort = 0);

/// <summary>The present state of one domain as a mail node needs it.</summary>
/// <param name="Domain">The domain in A-labels.</param>
/// <param name="Served">Whether mail for it is taken.</param>
/// <param name="Version">The domain's stream version.</param>
/// <param name="Position">The position of the newest event this state covers.</param>
/// <param name="Deleted">A tombstone.</param>
public sealed record DomainState(string Domain, bool Served, long Version, long Position, bool Deleted)
{
    /// <summary>The key that signs what its accounts submit; null: nothing is signed.</summary>
    public DkimKey? Dkim { get; init; }
}

/// <summary>A key that signs mail (RFC 6376).</summary>
/// <param name="Selector">Lower-case letters and digits; its public part is at <c>SELECTOR._domainkey.DOMAIN</c>.</param>
/// <param name="PrivateKey">RSA, PKCS #8 in PEM.</param>
public sealed record DkimKey(string Selector, string PrivateKey);
