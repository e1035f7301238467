using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>The rule of ACC-3 for comments: at most 200 characters, no control characters; administrators alone see it.</summary>
public static class Comment
{
    /// <summary>The most characters, counted as people count them.</summary>
    public const int MaxLength = 200;

    /// <summary>Every rule that the comment breaks.</summary>
    public static IEnumerable<Rejection> Broken(string? comment)
    {
        if (comment is null) yield break;
        var length = new System.Globalization.StringInfo(comment).LengthInTextElements;
        if (length > MaxLength) yield return new(AccountsProblems.CommentTooLong, "comment", ("n", length));
        if (comment.Any(c => char.IsControl(c) || c is '\u2028' or '\u2029')) yield return new(AccountsProblems.CommentCharacters, "comment");
    }

    /// <summary>What is stored: null for nothing.</summary>
    public static string? Stored(string? comment) => string.IsNullOrWhiteSpace(comment) ? null : comment.Trim();
}
