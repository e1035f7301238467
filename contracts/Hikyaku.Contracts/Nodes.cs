// What services and mail nodes say to each other, whatever the service: the end of a page of states, and a node's lease.

namespace Hikyaku.Contracts;

/// <summary>
/// Every state of a service up to this position has been sent to the nodes: by it a node knows what it has applied. It follows
/// the states of each page of events, on the same exchange order (Kubernetes calls this a watch bookmark).
/// </summary>
/// <param name="Service">The service, like <c>accounts</c>.</param>
/// <param name="Position">In that service's order.</param>
/// <param name="After">
/// The page that this ends holds everything after this position. A node that has not applied that much has missed something,
/// and lists. 0: from the beginning.
/// </param>
public sealed record NodeStateBookmark(string Service, long Position, long After = 0);

/// <summary>
/// What a node reports of itself to one service that owns a part of its replica: the body of <c>PUT /internal/nodes/{node}</c>.
/// </summary>
/// <param name="Applied">
/// Up to which position of each service everything is in force on the node, except for the accounts in <paramref name="Pending"/>. A
/// service reads its own entry.
/// </param>
/// <param name="Servers">Versions of the node's servers, by name.</param>
/// <param name="Listed">Whether that service's part of the replica is complete. If not, the node takes no new mailboxes, and serves by a former replica if there was one.</param>
/// <param name="LastDigestCheck">When the replica was last compared with that service; null: not since the agent runs.</param>
/// <param name="Repaired">How many rows of that service's parts were wrong and were repaired since the agent runs.</param>
/// <param name="Host">Where the other nodes reach it; null: they do not.</param>
/// <param name="ImapPort">IMAP for the other nodes.</param>
/// <param name="Pop3Port">POP3 for the other nodes.</param>
/// <param name="LmtpPort">LMTP for the other nodes.</param>
/// <param name="QuotaPort">Dovecot's quota-status for the other nodes.</param>
/// <param name="Retired">Whether the accounts service has retired the node: other services then forget its lease.</param>
/// <param name="Pending">
/// The accounts whose newest state is applied and not in force, as sessions that it ends may still be open, by id: up to which
/// position everything is in force for that account. At most 100; when there are more, <paramref name="Applied"/> is the lowest of
/// their positions. Null or empty: none.
/// </param>
public sealed record LeaseReport(
    IReadOnlyDictionary<string, long>? Applied, IReadOnlyDictionary<string, string>? Servers, bool Listed, DateTimeOffset? LastDigestCheck = null, long Repaired = 0,
    string? Host = null, int? ImapPort = null, int? Pop3Port = null, int? LmtpPort = null, int? QuotaPort = null, bool Retired = false,
    IReadOnlyDictionary<string, long>? Pending = null)
{
    /// <summary>When the newest of what the node fetches from its makers came, by name (<see cref="DefinitionNames"/>); null: it fetches nothing.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset>? Definitions { get; init; }
}

/// <summary>What a node fetches (SPM-7).</summary>
public static class DefinitionNames
{
    /// <summary>Rules and maps of the spam filter.</summary>
    public const string SpamRules = "spamRules";

    /// <summary>Signatures of the virus scanner.</summary>
    public const string VirusSignatures = "virusSignatures";
}

/// <summary>What a service answers to a <see cref="LeaseReport"/>.</summary>
/// <param name="Position">Of the service's newest event: a node that has applied up to it is up to date.</param>
/// <param name="Now">What the service's clock shows; null: an older service, which does not tell. By it a node reads the times in states.</param>
public sealed record LeaseAnswer(long Position, DateTimeOffset? Now = null);
