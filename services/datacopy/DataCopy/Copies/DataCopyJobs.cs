using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Copies;

/// <summary>Copies as jobs (GWY-5): each has the id of its copy.</summary>
public static class DataCopyJobs
{
    /// <summary>What clients call the kind.</summary>
    public const string Kind = "mail-data-copy";

    /// <summary>All that the platform has to know of them.</summary>
    public static readonly ServiceJobs All = new(Program.Service, new JobKind(Kind, typeof(CopiedMail)))
    {
        AccountNames = "select account_id, max(address) as address from mail_copy group by account_id",
    };
}

/// <summary>What came of a copy that has succeeded; stored with the job.</summary>
/// <param name="Copied">Messages that it copied.</param>
/// <param name="AlreadyThere">Messages that earlier copies had copied.</param>
/// <param name="SkippedTooLarge">Messages over 100 MB.</param>
/// <param name="Reason">One of <see cref="CopyReasons"/>, where there is something to be known all the same.</param>
public sealed record CopiedMail(long Copied, long AlreadyThere, long SkippedTooLarge, string? Reason);
