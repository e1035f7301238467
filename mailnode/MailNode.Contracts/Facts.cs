// What mail nodes tell the services: facts, not decisions.

namespace Hikyaku.MailNode.Contracts;

/// <summary>How much space mailboxes take on a node. Only changed ones are told, or those that were asked for; the newest measurement counts.</summary>
/// <param name="Node">The node that measured.</param>
/// <param name="MeasuredAt">When; an older measurement of the same mailbox is to be ignored.</param>
/// <param name="Mailboxes">At most 500; of an answer as many as were asked for.</param>
/// <param name="RequestId">The <c>MailboxMeasurementAsked</c> that this answers; null: nobody has asked.</param>
public sealed record MailboxUsageMeasured(string Node, DateTimeOffset MeasuredAt, IReadOnlyList<MailboxUsage> Mailboxes, string? RequestId = null);

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

/// <summary>
/// Logins that a node's servers have seen (RST-2), right and wrong ones. Each is told once, unless the broker did not say
/// that it had this message: then it comes again with the same message id.
/// </summary>
/// <param name="Node">The node.</param>
/// <param name="Logins">At most 500.</param>
public sealed record LoginsObserved(string Node, IReadOnlyList<LoginObserved> Logins);

/// <summary>
/// One login; or several that are alike, when the node could not tell them for a while and had to put them together: then
/// <paramref name="Source"/> is their network, and of very many different ones neither source nor login is kept.
/// </summary>
/// <param name="At">When, by the node's clock; of several, when the first one was.</param>
/// <param name="Until">When the last one was.</param>
/// <param name="Count">How many, at least 1.</param>
/// <param name="AccountId">Whose login name it is; null when it is nobody's.</param>
/// <param name="Login">As it was given, in lower case; null when it was no name, or when many were put together.</param>
/// <param name="Source">The client's address, like 192.0.2.7; of several its network, like 192.0.2.0/24 or 2001:db8::/64; null when it is not known.</param>
/// <param name="Protocol">imap, pop3, smtp or other.</param>
/// <param name="Tls">Whether the connection had TLS.</param>
/// <param name="Success">Whether the password was right.</param>
public sealed record LoginObserved(
    DateTimeOffset At, DateTimeOffset Until, long Count, string? AccountId, string? Login, string? Source, string Protocol, bool Tls, bool Success);
