namespace Hikyaku.Routing.Contracts;

/// <summary>How a mail node treats the mail that comes in for one account.</summary>
/// <param name="AccountId">The account.</param>
/// <param name="Receives">Whether new mail is stored; when not, the mailbox's capacity is not consulted (RST-8).</param>
/// <param name="Replies">Whether senders get a reply.</param>
/// <param name="Script">
/// A Sieve script (RFC 5228) that the node's Dovecot runs for each message; empty when nothing is set. It hands forwarded mail to
/// an address <c>QUEUE-ID.RULE-RULE-….ACCOUNT-ID@forward.invalid</c>, which Postfix expands by <paramref name="Forwards"/>.
/// </param>
/// <param name="Forwards">The destinations of each rule, by the rule's number; number 0 is what is forwarded without a condition.</param>
/// <param name="Version">Of two states the one with the higher version is obeyed.</param>
/// <param name="Position">The position of the newest event that this state covers.</param>
/// <param name="Deleted">A tombstone: the account is gone.</param>
public sealed record RoutingState(
    string AccountId, bool Receives, bool Replies, string Script, IReadOnlyList<Forward> Forwards, long Version, long Position, bool Deleted);

/// <summary>One destination of a rule.</summary>
/// <param name="Rule">The rule's number.</param>
/// <param name="Destination">A mail address, its domain in A-labels.</param>
public sealed record Forward(int Rule, string Destination);

/// <summary>
/// Asks the mailbox's node which of the newest stored messages a rule matches, by the Sieve that delivers; it answers with
/// <c>RulePreviewed</c>. Not a state: who did not hear it does not answer, and the asker gives up.
/// </summary>
/// <param name="RequestId">Comes back with the answer.</param>
/// <param name="AccountId">Whose mail.</param>
/// <param name="Script">A Sieve script that redirects what the rule matches, and does nothing else. It is not obeyed, only run.</param>
public sealed record RulePreviewAsked(string RequestId, string AccountId, string Script);
