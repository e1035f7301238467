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
/// <param name="CapacityMb">What it may take, as the node obeys it; null: the node is older than this field.</param>
public sealed record MailboxUsage(string AccountId, long UsedBytes, int? CapacityMb = null);

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
/// <param name="Success">Whether the login was let in.</param>
/// <param name="Password">
/// Of <see cref="LoginFailures.Credentials"/>: a digest of 12 bits of the wrong password, as three hexadecimal digits. The same wrong
/// password for the same login has the same digest at every node; digests of different logins say nothing about each other. Null when the
/// password was right, and when the node does not know. Several logins that were put together have one only when it is the same.
/// </param>
/// <param name="Client">What the mail program calls itself (IMAP ID, RFC 2971), like Thunderbird 115.3; at most 100 characters without control characters. Null when it does not say.</param>
/// <param name="Failure">One of <see cref="LoginFailures"/>; null when the login was let in, and when many were put together.</param>
public sealed record LoginObserved(
    DateTimeOffset At, DateTimeOffset Until, long Count, string? AccountId, string? Login, string? Source, string Protocol, bool Tls, bool Success,
    string? Password = null, string? Client = null, string? Failure = null);

/// <summary>Why a login was not let in.</summary>
public static class LoginFailures
{
    /// <summary>A wrong password, or an account that does not exist or has none. Only these say that somebody guesses.</summary>
    public const string Credentials = "credentials";

    /// <summary>The password was right, but a restriction refuses the login.</summary>
    public const string Restricted = "restricted";

    /// <summary>Anything else: an error of the server, a login without TLS where that is refused. The password may have been right.</summary>
    public const string Other = "other";
}

/// <summary>
/// Messages that people have submitted at a node (RST-2). Each is told once, unless the broker did not say that it had this fact: then it
/// comes again with the same message id. Submissions are known by node and id.
/// </summary>
/// <param name="Node">The node.</param>
/// <param name="Submissions">At most 500.</param>
public sealed record SubmissionsObserved(string Node, IReadOnlyList<SubmissionObserved> Submissions);

/// <summary>
/// One message that somebody who had logged in has sent completely (Postfix's END-OF-MESSAGE), and that the check of its header, which comes
/// after that, has not refused. When a node does not learn within 70 seconds whether it was refused, the message is told all the same.
/// </summary>
/// <param name="Id">Names the message; unique among those of its node (Postfix's <c>instance</c>).</param>
/// <param name="At">When it was complete, by the node's clock.</param>
/// <param name="AccountId">Who had logged in.</param>
/// <param name="Address">The account's address.</param>
/// <param name="Source">The client's address, like 192.0.2.7; null when it is not known.</param>
/// <param name="Recipients">How many recipients the envelope has, at least 1; one that is named twice counts twice.</param>
/// <param name="To">
/// Who they are: each once, in lower case, at most 1,000. Fewer than <paramref name="Recipients"/>, or none, when the agent has begun during
/// the message or could not keep them.
/// </param>
/// <param name="Size">In bytes.</param>
/// <param name="QueueId">The message's name in the node's queue; null when it is not known.</param>
public sealed record SubmissionObserved(
    string Id, DateTimeOffset At, string AccountId, string Address, string? Source, int Recipients, IReadOnlyList<string> To, long Size, string? QueueId);

/// <summary>What a node holds of an account's mail (RST-9): all of it, told anew whenever it changes.</summary>
/// <param name="Node">The node.</param>
/// <param name="AccountId">Whose.</param>
/// <param name="At">When it was looked at; of two lists of one node the later one counts.</param>
/// <param name="Messages">The oldest first, 1,000 at most; empty: nothing is held any more.</param>
public sealed record MailHeld(string Node, string AccountId, DateTimeOffset At, IReadOnlyList<HeldMessage> Messages);

/// <summary>A message on hold in Postfix's queue.</summary>
/// <param name="QueueId">Its name in the queue.</param>
/// <param name="At">When it was taken.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Recipients">Who has not got it, 100 at most.</param>
public sealed record HeldMessage(string QueueId, DateTimeOffset At, long Size, IReadOnlyList<string> Recipients);

/// <summary>Which of the newest stored messages of a mailbox a rule matches. It is told once, to whoever has asked; nobody keeps it.</summary>
/// <param name="Node">The mailbox's node.</param>
/// <param name="RequestId">The <c>RulePreviewAsked</c> that this answers.</param>
/// <param name="Searched">How many messages were looked at: the newest ones, at most 1,000.</param>
/// <param name="Matched">How many of them match.</param>
/// <param name="Matches">The newest of those, at most 100.</param>
public sealed record RulePreviewed(string Node, string RequestId, int Searched, int Matched, IReadOnlyList<PreviewedMessage> Matches);

/// <summary>A stored message.</summary>
/// <param name="ReceivedAt">When it came.</param>
/// <param name="Folder">Where it is.</param>
/// <param name="From">Its header field From, decoded; empty when it has none.</param>
/// <param name="Subject">Its subject, decoded; empty when it has none.</param>
public sealed record PreviewedMessage(DateTimeOffset ReceivedAt, string Folder, string From, string Subject);

/// <summary>
/// What a node's servers did with messages from or to accounts (OPS-4). Each is told once, unless the broker did not say that it had this
/// message; after a node has lost what it remembered, some come again in another message. They are known by their ids.
/// </summary>
/// <param name="Node">The node.</param>
/// <param name="Deliveries">At most 500.</param>
public sealed record DeliveriesObserved(string Node, IReadOnlyList<DeliveryObserved> Deliveries);

/// <summary>
/// One step of a message on its way, as it concerns one account. The steps of one message have the same <paramref name="Delivery"/>. Of a
/// step that does not know it, it is found by <paramref name="Session"/>, which the step <c>sent</c> has too; of an autoreply's by the
/// Message-ID in <paramref name="Cause"/>.
/// </summary>
/// <param name="Id">Names the step; unique among those of its node and time.</param>
/// <param name="At">When, by the node's clock.</param>
/// <param name="AccountId">Whose.</param>
/// <param name="Direction">received or sent.</param>
/// <param name="Kind">One of <see cref="DeliveryKinds"/>.</param>
/// <param name="Delivery">The message's name in the queue of the node that took it in; of what was refused at once the step's own id; null when it is not known.</param>
/// <param name="Way">Whose step: delivery, the message's own; forward, of a copy that was forwarded; reply, of an autoreply.</param>
/// <param name="QueueId">The message's, the copy's or the reply's own name in the queue.</param>
/// <param name="Cause">Which message this one follows from: a name in the queue, or a Message-ID.</param>
/// <param name="MessageId">Its Message-ID.</param>
/// <param name="Sender">Of the envelope; empty for the null sender.</param>
/// <param name="Recipient">Of the envelope.</param>
/// <param name="Size">In bytes.</param>
/// <param name="Door">Where it came in: smtp, submission, reinject, forward, or notice (Postfix's own).</param>
/// <param name="Client">From whom, like mail.example.jp[192.0.2.7].</param>
/// <param name="Login">Who had logged in; null on port 25.</param>
/// <param name="Session">Of Dovecot's LMTP.</param>
/// <param name="Folder">Where it was stored.</param>
/// <param name="Rules">By which forwarding rules, like 3 or 3-7; 0 stands for all rules without a condition.</param>
/// <param name="Dsn">The enhanced status code (RFC 3463), like 5.1.1.</param>
/// <param name="Relay">Which server was asked.</param>
/// <param name="Answer">What it said, or why nothing was done.</param>
/// <param name="Verdict">Of the spam filter.</param>
public sealed record DeliveryObserved(
    string Id, DateTimeOffset At, string AccountId, string Direction, string Kind, string? Delivery = null, string Way = "delivery", string? QueueId = null,
    string? Cause = null, string? MessageId = null, string? Sender = null, string? Recipient = null, long? Size = null, string? Door = null, string? Client = null,
    string? Login = null, string? Session = null, string? Folder = null, string? Rules = null, string? Dsn = null, string? Relay = null, string? Answer = null,
    DeliveryVerdict? Verdict = null);

/// <summary>What the spam filter thinks of a message.</summary>
/// <param name="Kind">ham, spam, virus or unscanned.</param>
/// <param name="Score">Its score.</param>
/// <param name="Virus">The virus's name; null when there is none.</param>
public sealed record DeliveryVerdict(string Kind, double Score, string? Virus = null);

/// <summary>What a step can be.</summary>
public static class DeliveryKinds
{
    /// <summary>A server took the message over.</summary>
    public const string Taken = "taken";

    /// <summary>It was refused, for now or for good.</summary>
    public const string Refused = "refused";

    /// <summary>The spam filter judged it.</summary>
    public const string Judged = "judged";

    /// <summary>A rule handed it on to its destinations.</summary>
    public const string Forwarded = "forwarded";

    /// <summary>Its sender was sent an autoreply.</summary>
    public const string Replied = "replied";

    /// <summary>It was stored in a folder.</summary>
    public const string Stored = "stored";

    /// <summary>It was thrown away, as somebody wants it.</summary>
    public const string Dropped = "dropped";

    /// <summary>The next server has it.</summary>
    public const string Sent = "sent";

    /// <summary>The next server does not take it now; it is tried again.</summary>
    public const string Deferred = "deferred";

    /// <summary>The next server does not take it; its sender was told.</summary>
    public const string Bounced = "bounced";

    /// <summary>It was tried until its time was over; its sender was told.</summary>
    public const string Expired = "expired";
}

/// <summary>Answers of the platform itself, not of a server.</summary>
public static class DeliveryAnswers
{
    /// <summary>The account has forwarded the message before, and it has come back: it is neither stored nor forwarded again (RTE-3).</summary>
    public const string Looped = "looped";
}

/// <summary>What would happen to a message (OPS-4). It is told once, to whoever has asked; nobody keeps it.</summary>
/// <param name="Node">The mailbox's node.</param>
/// <param name="RequestId">The <c>TraceAsked</c> that this answers.</param>
/// <param name="RoutingVersion">Of the account's routing settings that act there; 0: it has none.</param>
/// <param name="SpamVersion">Of its spam settings; 0: it has none.</param>
/// <param name="Verdict">Null when the message would wait with its sender, as it cannot be judged now: nothing more is known then.</param>
/// <param name="Stored">The folder that it goes into; null: none.</param>
/// <param name="Forwards">Where it is forwarded.</param>
/// <param name="Replied">Whether its sender gets an autoreply.</param>
/// <param name="Reasons">The spam filter's rules that matched, each with its score.</param>
/// <param name="Refused">What the server answers that does not take it, as the mailbox has no space; null: it is taken.</param>
/// <param name="Looped">The account has forwarded it before, so it is neither stored nor forwarded again.</param>
public sealed record MessageTraced(
    string Node, string RequestId, long RoutingVersion, long SpamVersion, DeliveryVerdict? Verdict, string? Stored, IReadOnlyList<TracedForward> Forwards, bool Replied,
    IReadOnlyList<string>? Reasons, string? Refused = null, bool Looped = false);

/// <summary>A destination of a message.</summary>
/// <param name="Rule">The number of the forwarding rule; 0: one without a condition.</param>
/// <param name="Destination">The address.</param>
public sealed record TracedForward(long Rule, string Destination);
