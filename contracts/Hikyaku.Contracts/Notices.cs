// What services put on the message board (NTC-1), which stands beside the feed.

namespace Hikyaku.Contracts;

/// <summary>
/// A notice for the message board. It carries its texts, so that the board shows notices of services that it does not know.
/// Never a domain event: it is not recorded by the feed.
/// </summary>
/// <param name="NoticeId">Unique for this notice; a repeated delivery has the same and changes nothing.</param>
/// <param name="Kind">What it tells, in kebab-case, like <c>job-finished</c>.</param>
/// <param name="At">When what it tells happened.</param>
/// <param name="Audience">Who may read it.</param>
/// <param name="Domain">Where it happened, in A-labels; empty: nowhere in particular.</param>
/// <param name="AccountId">The account that it is about; null: about no single one. Such a notice goes when the account is deleted.</param>
/// <param name="Address">That account's address; null when there is none.</param>
/// <param name="Job">The id of the job that it is about; null for none.</param>
/// <param name="Texts">What happened and what to do, by language: <c>en</c> and <c>ja</c>. Never the text of a secret.</param>
/// <param name="Replaces">Of notices with the same value here only the newest stays; null: it replaces none.</param>
/// <param name="ReadBy">Who has read it already: account ids of users, logins of others. Only of notices that are moved from an earlier board.</param>
public sealed record NoticeRaised(
    Guid NoticeId, string Kind, DateTimeOffset At, NoticeAudience Audience, string Domain, string? AccountId, string? Address, string? Job,
    IReadOnlyDictionary<string, string> Texts, string? Replaces = null, IReadOnlyList<string>? ReadBy = null);

/// <summary>Who may read a notice. Whoever one of these names.</summary>
/// <param name="Administrators">The administrators of its domain.</param>
/// <param name="Operators">All operators.</param>
/// <param name="Owner">The user of its account.</param>
/// <param name="StartedBy">The one who began what it tells: an account id of a user, a login of others; null: nobody in particular.</param>
public sealed record NoticeAudience(bool Administrators, bool Operators, bool Owner = false, string? StartedBy = null);

/// <summary>
/// The kinds of notices that every service may raise. A service declares its own in a class of this name in its contracts: the
/// board can be asked for every kind that stands in one of them.
/// </summary>
public static class NoticeKinds
{
    /// <summary>An operator or administrator signed in from a network that was not seen before (GWY-2).</summary>
    public const string NewNetwork = "sign-in-from-new-network";

    /// <summary>A job has ended, one way or another (GWY-5).</summary>
    public const string JobFinished = "job-finished";
}
