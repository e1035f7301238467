// What mail nodes tell the services: facts, not decisions.

namespace Hikyaku.MailNode.Contracts;

/// <summary>How much space mailboxes take on a node. Only changed ones are told; the newest measurement counts.</summary>
/// <param name="Node">The node that measured.</param>
/// <param name="MeasuredAt">When; an older measurement of the same mailbox is to be ignored.</param>
/// <param name="Mailboxes">At most 500.</param>
public sealed record MailboxUsageMeasured(string Node, DateTimeOffset MeasuredAt, IReadOnlyList<MailboxUsage> Mailboxes);

/// <summary>The space one mailbox takes.</summary>
/// <param name="AccountId">The account's id.</param>
/// <param name="UsedBytes">All folders together, in bytes.</param>
public sealed record MailboxUsage(string AccountId, long UsedBytes);
