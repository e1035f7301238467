using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// The rule of ACC-3 for comments: at most 200 characters, no control characters; administrators alone see it. A character
/// may be of many code points; all together are at most 1,000.
/// </summary>
public static class Comment
{
    /// <summary>The most characters, counted as people count them.</summary>
    public const int MaxLength = 200;

    private const int MaxCodePoints = 1000;

    /// <summary>Every rule that the comment breaks.</summary>
    public static IEnumerable<Rejection> Broken(string? comment)
    {
        if (comment is null) yield break;
        var length = new System.Globalization.StringInfo(comment).LengthInTextElements;
        if (length > MaxLength || comment.EnumerateRunes().Count() > MaxCodePoints) yield return new(AccountsProblems.CommentTooLong, "comment", ("n", length));
        if (comment.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')) yield return new(AccountsProblems.CommentCharacters, "comment");
    }

    /// <summary>What is stored: null for nothing.</summary>
    public static string? Stored(string? comment) => string.IsNullOrWhiteSpace(comment) ? null : comment.Trim();
}
