namespace Hikyaku.Spam.Contracts;

/// <summary>Asks the node of a mailbox what would happen to a message for it (OPS-4); <c>MessageTraced</c> answers.</summary>
/// <param name="RequestId">Names the answer.</param>
/// <param name="AccountId">Whose mailbox.</param>
/// <param name="Sender">Of the envelope; empty: the null sender.</param>
/// <param name="Message">The message as it came, in base64; at most 1 MB.</param>
/// <param name="Settings">By which settings; null: by those that the node obeys.</param>
public sealed record TraceAsked(string RequestId, string AccountId, string Sender, string Message, TracedSettings? Settings = null);

/// <summary>An account's settings at an earlier time, by which a message is judged as the node did then.</summary>
/// <param name="Receives">Whether new mail is stored.</param>
/// <param name="Script">The routing service's Sieve script; empty when nothing was set.</param>
/// <param name="Forwards">The destinations of its rules.</param>
/// <param name="RoutingVersion">Of the routing settings; 0: nothing was set.</param>
/// <param name="TagSubject">Whether <c>[SPAM] </c> was put before the subject.</param>
/// <param name="SortToJunk">Whether spam was filed into Junk.</param>
/// <param name="SpamVersion">Of the spam settings; 0: nothing was set.</param>
/// <param name="InForce">Whether the domain's standing let the spam settings act.</param>
public sealed record TracedSettings(
    bool Receives, string Script, IReadOnlyList<TracedRule> Forwards, long RoutingVersion, bool TagSubject, bool SortToJunk, long SpamVersion, bool InForce);

/// <summary>One destination of a rule.</summary>
/// <param name="Rule">The rule's number; 0: what is forwarded without a condition.</param>
/// <param name="Destination">A mail address.</param>
public sealed record TracedRule(long Rule, string Destination);
