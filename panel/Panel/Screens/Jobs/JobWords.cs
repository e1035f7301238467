using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Jobs;

/// <summary>The words of jobs.</summary>
public static class JobWords
{
    /// <summary>The kind that registers the accounts of a file.</summary>
    public const string Registration = "bulk-registration";

    /// <summary>The kind that changes accounts as a file says.</summary>
    public const string Change = "bulk-change";

    /// <summary>The kind that copies mail.</summary>
    public const string Copy = "mail-data-copy";

    private const int BytesPerMb = 1 << 20;
    private const int Quarter = 25;

    /// <summary>Every kind, for choosing.</summary>
    public static readonly IReadOnlyList<string> Kinds = [Registration, Change, "account-deletion", "mail-data-deletion", Copy, "undo", "domain-deletion"];

    /// <summary>Every state, for choosing.</summary>
    public static readonly IReadOnlyList<string> States = ["queued", "running", "paused", "succeeded", "failed", "cancelled"];

    /// <summary>The states of those that have not ended.</summary>
    public static readonly IReadOnlyList<string> Open = ["running", "queued", "paused"];

    /// <summary>What a job does.</summary>
    public static string Kind(string kind) => kind switch
    {
        Registration => JobsTexts.Registration,
        Change => JobsTexts.Change,
        "account-deletion" => JobsTexts.Deletion,
        "mail-data-deletion" => JobsTexts.MailDeletion,
        "domain-deletion" => JobsTexts.DomainDeletion,
        Copy => JobsTexts.Copy,
        "undo" => JobsTexts.Undo,
        _ => JobsTexts.Other, // a kind of a later release
    };

    /// <summary>The same, and whether it only looks.</summary>
    public static string Title(JobRow job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return job.DryRun is true ? Format.Fill(JobsTexts.CheckOf, Kind(job.Kind)) : Kind(job.Kind);
    }

    /// <summary>Where a job stands.</summary>
    public static string State(string state) => state switch
    {
        "queued" => JobsTexts.Queued,
        "running" => JobsTexts.Running,
        "paused" => JobsTexts.Paused,
        "succeeded" => JobsTexts.Succeeded,
        "failed" => JobsTexts.Failed,
        _ => JobsTexts.Cancelled,
    };

    /// <summary>A stage of a job.</summary>
    public static string Stage(string name) => name switch
    {
        "check" => JobsTexts.StageCheck,
        "reserve" => JobsTexts.StageReserve,
        "register" => JobsTexts.StageRegister,
        "change" => JobsTexts.StageChange,
        "in-force" => JobsTexts.StageInForce,
        _ => name, // one of a later release
    };

    /// <summary>Where a stage stands.</summary>
    public static string StageState(string state) => state switch
    {
        "done" => JobsTexts.StageDone,
        "running" or "paused" => JobsTexts.Running,
        "failed" => JobsTexts.Failed,
        "cancelled" => JobsTexts.Cancelled,
        _ => JobsTexts.StageWaiting,
    };

    /// <summary>What came of a job that has succeeded.</summary>
    public static string Result(JobRow job)
    {
        ArgumentNullException.ThrowIfNull(job);
        return (job.Result, job.DryRun) switch
        {
            ({ Registered: { } n }, true) => Format.Fill(JobsTexts.CanBeRegistered, Format.Number(n)),
            ({ Registered: { } n }, _) => Format.Fill(JobsTexts.Registered, Format.Number(n)),
            ({ Undone: { } n } r, _) => Format.Fill(JobsTexts.Undone, Format.Number(n), Format.Number(r.LeftCount ?? 0)),
            ({ Changed: { } n } r, true) => Format.Fill(JobsTexts.CanBeChanged, Format.Number(n), Format.Number(r.Skipped ?? 0)),
            ({ Changed: { } n } r, _) => Format.Fill(JobsTexts.Changed, Format.Number(n), Format.Number(r.Skipped ?? 0)),
            ({ Deleted: { } n }, _) => job.Kind == "domain-deletion" ? Format.Fill(JobsTexts.DomainDeleted, Format.ULabels(job.Domain)) : Format.Fill(JobsTexts.Deleted, Format.Number(n)),
            ({ FreedBytes: { } bytes }, _) => Format.Fill(JobsTexts.MailDeleted, Format.Capacity((bytes + BytesPerMb - 1) / BytesPerMb)),
            ({ Copied: { } n } r, _) => Format.Fill(JobsTexts.Copied, Format.Number(n), Format.Number(r.AlreadyThere ?? 0)),
            _ => JobsTexts.Done,
        };
    }

    /// <summary>What is said aloud: the state, and each quarter of the way.</summary>
    public static string Announcement(JobRow job)
    {
        ArgumentNullException.ThrowIfNull(job);
        var quarter = job.Progress.Total == 0 ? 0 : job.Progress.Done * 100 / job.Progress.Total / Quarter * Quarter;
        var words = $"{Title(job)}: {State(job.State)}";
        return job.HasEnded || quarter == 0 ? words : $"{words} {quarter} %";
    }
}
