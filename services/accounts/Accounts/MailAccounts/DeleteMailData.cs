using Hikyaku.Accounts.Jobs;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.MailAccounts;

/// <summary>
/// Deletes all mail of an account (ACC-6): every folder is emptied of what is in it now; folders, settings and what arrives
/// meanwhile stay. While one deletion runs, another asks for nothing more.
/// </summary>
/// <param name="JobId">The job.</param>
/// <param name="Now">When.</param>
public sealed record DeleteMailData(string JobId, DateTimeOffset Now)
{
    /// <summary>Decides; pure.</summary>
    public static Decision Decide(DeleteMailData command, MailAccount account)
        => account.MailDeletionJob is null ? Decision.Accept(new MailDataDeletionStarted(command.JobId, command.Now)) : Decision.Accept();

    /// <summary><c>DELETE /api/v1/accounts/{address}/mail</c> → 202 with the job, a new one or the one that runs.</summary>
    public static async Task<IResult> Handle(string address, CommandContext context, HttpContext http, JobReader reader, CancellationToken stop)
    {
        if (await context.LoadAccountAsync(stop) is not { Aggregate: { } account } stream) return Problems.Of(PlatformProblems.NotFound);
        if (account.MailDeletionJob is { } running && await reader.FindAsync(running, http, stop) is { } job)
            return context.IfMatch is { } wanted && wanted != stream.CurrentVersion ? Problems.Of(PlatformProblems.Stale) : Accepted(job);

        var command = new DeleteMailData(AccountsJobs.NewId(), context.Now);
        var decision = Decide(command, account);
        var started = new JobStarted(command.JobId, JobKinds.MailDataDeletion, account.Domain, account.Id, Total: 0, context.Now);
        context.Session.Events.StartStream<Job>(command.JobId, started);
        return context.Conclude(stream, decision, (state, _) => Accepted(JobView.Begun(started, state.Address)));
    }

    private static Answer Accepted(JobView job) => new(202, job, Location: $"/api/v1/jobs/{job.Id}");
}
