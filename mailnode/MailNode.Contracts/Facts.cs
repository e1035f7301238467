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

/// <summary>Nothing of a deleted account is left on a node: no mail, nothing in the queue, no open session (ACC-5).</summary>
/// <param name="Node">The node.</param>
/// <param name="AccountId">The account's id.</param>
/// <param name="At">When the node was done.</param>
public sealed record MailboxErased(string Node, string AccountId, DateTimeOffset At);

/// <summary>How far the deletion of a mailbox's mail is (ACC-6).</summary>
/// <param name="Node">The mailbox's node.</param>
/// <param name="AccountId">The account's id.</param>
/// <param name="JobId">The job of <c>MailboxState.MailDeletion</c>.</param>
/// <param name="Done">Messages that are gone.</param>
/// <param name="Total">Messages that were there when the node read of it.</param>
public sealed record MailDataDeletionProgressed(string Node, string AccountId, string JobId, long Done, long Total);

/// <summary>A deletion of a mailbox's mail has ended (ACC-6).</summary>
/// <param name="Node">The mailbox's node.</param>
/// <param name="AccountId">The account's id.</param>
/// <param name="JobId">The job of <c>MailboxState.MailDeletion</c>.</param>
/// <param name="At">When.</param>
/// <param name="Messages">How many messages it has deleted.</param>
/// <param name="FreedBytes">What they took.</param>
public sealed record MailDataDeleted(string Node, string AccountId, string JobId, DateTimeOffset At, long Messages, long FreedBytes);
