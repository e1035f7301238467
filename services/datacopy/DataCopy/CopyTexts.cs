using System.Resources;
using Hikyaku.DataCopy.Copies;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy;

/// <summary>What is told beside refusals, in both languages: why a copy has not brought everything, and the mails of CPY-5. Texts: CopyTexts.resx and .ja.resx.</summary>
internal static class CopyTexts
{
    private static readonly ResourceManager Page = new("Hikyaku.DataCopy.CopyTexts", typeof(CopyTexts).Assembly);

    public static readonly ProblemCode Done = Of("copy-mail.done");
    public static readonly ProblemCode Again = Of("copy-mail.again");
    public static readonly ProblemCode Pair = Of("copy-mail.pair");
    public static readonly ProblemCode Counts = Of("copy-mail.counts");
    public static readonly ProblemCode Skips = Of("copy-mail.skips");
    public static readonly ProblemCode Skip = Of("copy-mail.skip");
    public static readonly ProblemCode MoreSkips = Of("copy-mail.more-skips");
    public static readonly ProblemCode NoSubject = Of("copy-mail.no-subject");
    public static readonly ProblemCode Renames = Of("copy-mail.renames");
    public static readonly ProblemCode Rename = Of("copy-mail.rename");
    public static readonly ProblemCode FailedFolders = Of("copy-mail.failed-folders");
    public static readonly ProblemCode Cause = Of("copy-mail.cause");
    public static readonly ProblemCode Reference = Of("copy-mail.reference");
    public static readonly ProblemCode Resumes = Of("copy-mail.resumes");

    public static readonly ProblemCode Notice = Of("copy-notice.ended");

    private static readonly ProblemCode Capacity = Of($"copy-reasons.{CopyReasons.Capacity}");
    private static readonly ProblemCode TooLarge = Of($"copy-reasons.{CopyReasons.TooLarge}");
    private static readonly ProblemCode SourceUnsuitable = Of($"copy-reasons.{CopyReasons.SourceUnsuitable}");
    private static readonly ProblemCode Trouble = Of($"copy-reasons.{CopyReasons.Trouble}");
    private static readonly ProblemCode SourceEmpty = Of($"copy-reasons.{CopyReasons.SourceEmpty}");

    private static readonly IReadOnlyList<ProblemCode> Reasons = [Capacity, TooLarge, SourceUnsuitable, Trouble, SourceEmpty];

    /// <summary>What one of <see cref="CopyReasons"/> means, and what to do.</summary>
    public static ProblemCode OfReason(string reason) => Reasons.Single(r => r.Code == $"copy-reasons.{reason}");

    private static ProblemCode Of(string code) => new(code, 200, Page);
}
