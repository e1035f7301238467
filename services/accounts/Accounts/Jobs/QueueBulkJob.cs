using Hikyaku.Accounts.Domains;
using Hikyaku.Accounts.Files;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.Jobs;

/// <summary>
/// Takes a file in (ACC-9, ACC-10). Whatever is in it, the answer is a job, stored with the file in one transaction: from the
/// answer on the work is done, whoever crashes. What is wrong with the file is found by the job.
/// </summary>
public static class QueueBulkJob
{
    /// <summary><c>POST /api/v1/domains/{name}/imports</c> → 202 with the job.</summary>
    public static Task<IResult> HandleRegistration(string name, string? dryRun, CommandContext context, SecretBox box, HttpContext http, CancellationToken stop)
        => HandleAsync(JobKinds.BulkRegistration, name, dryRun, context, box, http, stop);

    /// <summary><c>POST /api/v1/domains/{name}/bulk-changes</c> → 202 with the job.</summary>
    public static Task<IResult> HandleChange(string name, string? dryRun, CommandContext context, SecretBox box, HttpContext http, CancellationToken stop)
        => HandleAsync(JobKinds.BulkChange, name, dryRun, context, box, http, stop);

    private static async Task<IResult> HandleAsync(
        string kind, string name, string? dryRun, CommandContext context, SecretBox box, HttpContext http, CancellationToken stop)
    {
        if (context.IfMatch is not null) return Problems.Of(PlatformProblems.Stale); // there is no one version of many
        var isDryRun = false;
        if (dryRun is not null && !bool.TryParse(dryRun, out isDryRun)) return Problems.Of(PlatformProblems.BadParameter, "dryRun", ("name", "dryRun"));
        _ = InternetNames.TryReadDomain(name, out var domain); // the access rule has read it
        if (await context.Session.LoadAsync<Domain>(domain!, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        var (file, refusal) = await Upload.ReadAsync(http, stop);
        if (file is null) return refusal!;
        // Locked, so that no deletion of the domain begins before the job does.
        if (await DomainUsage.LockAsync(context.Session, domain!, stop) is null) return Problems.Of(PlatformProblems.NotFound);
        var job = new JobQueued(AccountsJobs.NewId(), kind, domain!, isDryRun, context.Now);
        var answer = AccountsJobs.All.Queue(context, job, context.Caller with { Via = "csv" }, box.Seal(file));
        if (!CsvText.IsAmbiguous(file)) return answer;
        // Both readings are possible where the two encodings share all of the file's bytes: the answer and the job's result say which one counts.
        context.Session.QueueSqlCommand("update bulk_job set read_as = ? where id = ?", CsvText.ReadingOfAmbiguous, job.JobId);
        return answer with { Headers = new Dictionary<string, string> { ["X-Read-As"] = CsvText.ReadingOfAmbiguous } };
    }
}
